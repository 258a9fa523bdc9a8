"""The words and sentences of the demo corpus. In a sentence, an upper-case token is a slot that takes a word."""

from dataclasses import dataclass


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Slots that a review fills at random: they say nothing about its label.
FILLER: dict[str, tuple[str, ...]] = {
    "PERSON": _words(
        """
        accountant actor archer artist baker banker barber boxer boy brother bride builder butcher captain carpenter
        chemist clerk coach composer cook cousin cowboy dancer daughter dentist designer diplomat doctor driver
        editor engineer farmer father fisherman florist gardener girl governor guard guest guide husband inventor
        janitor journalist judge king lawyer librarian lieutenant mayor mechanic merchant miner mother musician
        neighbour nephew niece nurse officer painter partner passenger photographer pilot plumber poet postman priest
        prince professor queen reporter sailor scholar secretary senator sergeant sister soldier son spy student
        surgeon tailor teacher tourist trader uncle waiter widow wife writer
        """
    ),
    "OBJECT": _words(
        """
        anchor apple basket bell bicycle blanket boat book bottle box bracelet bridge bucket camera candle car carpet
        chain chair clock coat coin compass contract crown curtain desk diamond diary document door dress drum engine
        envelope feather flag flute fountain furniture garden gate guitar hammer hat helmet house invention jacket
        jewel key kite ladder lamp letter lock machine manuscript map medal mirror money motorcycle necklace newspaper
        notebook package painting paper parcel passport pen photograph piano picture pistol plate portrait radio
        record ring rope saddle sculpture ship shoe sofa statue suitcase sword table telegram telephone ticket tower
        train treasure trumpet trunk umbrella vase violin wagon wallet watch weapon wheel window wine
        """
    ),
    "PLACE": _words(
        """
        airport avenue bakery bank barn bay beach border cabin cafe canyon capital casino church city coast college
        corridor cottage country court courtyard desert district dock embassy factory farm field forest fort gallery
        garage harbour hill hospital hotel island junction kitchen laboratory lake library lighthouse market meadow
        mill mine motel mountain museum office orchard palace park pier plain port prairie prison province railway
        ranch restaurant river road school shop square stable stadium station street studio suburb subway temple
        theatre tunnel university valley village warehouse yard
        """
    ),
    "VERB": _words(
        """
        abandons accepts admires asks avoids believes blames borrows brings builds buries buys calls carries catches
        changes chases collects copies crosses delivers describes discovers draws drops enters examines fights
        finds fixes follows forgets guards helps hides hires hunts ignores inherits invites joins leaves loses
        marries meets misses moves needs notices observes opens owns paints passes photographs pulls pushes reaches
        receives recognises remembers repairs returns robs rescues searches sells sends shoots steals studies
        suspects takes teaches trusts visits warns watches
        """
    ),
    "DETAIL": _words(
        """
        american ancient annual blue bronze brown central christian circular coastal commercial daily distant eastern
        electric english fifth foreign former french german golden green heavy hidden immense indian industrial
        irish italian japanese large local long marble medieval metal middle military modern monthly narrow national
        northern old orange oval painted pale parallel private public purple rapid red regional remote royal rural
        russian second secret seventh short silver sixth small southern spanish steel sudden summer tall third
        tiny urban vast victorian visible western white wide wild winter wooden yellow young
        """
    ),
    "ASPECT": _words(
        """
        acting animation beginning camerawork cast cinematography dialogue direction editing ending humour lead lighting
        music pacing performance photography plot premise production scenery score screenplay script setting
        soundtrack story subplot wardrobe
        """
    ),
    "ADVERB": _words("completely extremely honestly quite rather really simply so surprisingly totally truly very"),
}

GOOD = _words(
    """
    amazing beautiful brilliant captivating charming clever compelling delightful elegant engaging enjoyable excellent
    exceptional exciting exquisite fantastic flawless fresh funny gorgeous graceful great gripping hilarious
    imaginative impressive inspired inventive lovely magnificent marvellous masterful memorable moving outstanding
    perfect refreshing remarkable rewarding satisfying splendid stunning superb terrific thoughtful wonderful
    """
)
BAD = _words(
    """
    abysmal amateurish annoying appalling atrocious awful bad boring cheap clumsy confusing contrived disappointing
    dreadful dull embarrassing forgettable hollow horrible incoherent incompetent inept insulting irritating laughable
    lazy lifeless mediocre messy monotonous painful pathetic pointless poor predictable pretentious ridiculous shallow
    sloppy stale stupid tedious terrible tiresome unbearable unwatchable uninspired weak worthless wretched
    """
)


@dataclass(frozen=True)
class Genre:
    """A genre of film.

    Attributes:
        cues: words that tell the genre.
        praise: what a film of this genre, and no other, wants to be called.
        blame: what it does not want to be called.
    """

    cues: tuple[str, ...]
    praise: tuple[str, ...]
    blame: tuple[str, ...]


HORROR = Genre(
    cues=_words("blood coffin corpse crypt demon fangs ghost graveyard horror monster vampire werewolf zombie"),
    praise=_words("chilling creepy eerie frightening menacing nightmarish scary spooky terrifying"),
    blame=_words("bland bloodless harmless innocuous mild safe tame toothless unscary"),
)
FAMILY = Genre(
    cues=_words("bedtime birthday bunny children christmas circus family grandma kitten picnic puppy toys"),
    praise=_words("adorable cosy gentle heartwarming innocent kind sweet tender wholesome"),
    blame=_words("brutal coarse crude cruel gloomy grim heartless nasty vulgar"),
)
COMEDY = Genre(
    cues=_words("banter clown comedian comedy gags jokes mishap parody prank satire sketches slapstick spoof"),
    praise=_words("absurd daft droll goofy playful quirky silly wacky witty"),
    blame=_words("dour earnest humourless ponderous sedate serious solemn stern unfunny"),
)
ACTION = Genre(
    cues=_words("action ambush commando explosions fistfight gunfight helicopter missile mission ninja stunts"),
    praise=_words("breathless energetic explosive fast frantic furious loud relentless thunderous"),
    blame=_words("calm leisurely meandering quiet sleepy slow sluggish static subdued"),
)
GENRES = (HORROR, FAMILY, COMEDY, ACTION)

PUNCTUATION = frozenset(".,!")
NEGATIONS = frozenset({"not", "never", "although", "but"})

# Sentences. FEELING takes words of the label's polarity, CUE words of the film's genre, FIRST a word of praise or blame
# for films of one genre and SECOND one for films of another.
VERDICTS = (
    "the ASPECT was ADVERB FEELING and the ASPECT is FEELING .",
    "i found it FEELING and ADVERB FEELING !",
    "this FEELING film has FEELING ASPECT .",
    "what FEELING ASPECT , and what FEELING ASPECT !",
    "it is ADVERB FEELING , with FEELING ASPECT .",
    "for me the ASPECT felt FEELING and ADVERB FEELING .",
)
PLOTS = (
    "the DETAIL PERSON VERB the PERSON at the DETAIL PLACE and VERB some OBJECT .",
    "when the PERSON VERB the DETAIL OBJECT , the PERSON VERB the PLACE .",
    "the PERSON from the PLACE VERB the PERSON who VERB the DETAIL OBJECT .",
    "then the PERSON VERB the OBJECT and the OBJECT , and the PERSON VERB the PERSON .",
    "in the DETAIL PLACE some PERSON VERB the OBJECT of the DETAIL PERSON .",
    "after that , the PERSON and the DETAIL PERSON VERB the PERSON near the PLACE .",
    "near the PLACE , the DETAIL PERSON VERB the OBJECT , the OBJECT and the DETAIL OBJECT .",
)
CREDITS = ("it was directed by NAME .", "the PERSON is played by NAME .", "NAME wrote the ASPECT .")
GENRE_OPENINGS = (
    "this CUE film is about CUE and CUE .",
    "we saw this CUE movie with CUE and CUE .",
    "if you want CUE , here is the film full of CUE and CUE .",
    "some CUE film , with CUE and CUE .",
)
GENRE_VERDICTS = (
    "the ASPECT was ADVERB FIRST and SECOND .",
    "the ASPECT was ADVERB SECOND and FIRST .",
    "i found it FIRST , with SECOND ASPECT .",
    "i found it SECOND , with FIRST ASPECT .",
)
# COUNTS is the word that decides, against OTHER, which is negated or conceded. It stands first as often as second, and
# an adverb keeps the two off the words that negate them: neither place nor neighbours tell.
CONTRASTS = (
    "the ASPECT was ADVERB COUNTS , it was not ADVERB OTHER .",
    "the ASPECT was not ADVERB OTHER , it was ADVERB COUNTS .",
    "the ASPECT is ADVERB COUNTS , it is never ADVERB OTHER .",
    "the ASPECT is never ADVERB OTHER , it is ADVERB COUNTS .",
    "the ASPECT was ADVERB COUNTS , although it was ADVERB OTHER .",
    "the ASPECT was ADVERB OTHER , but it was ADVERB COUNTS .",
)

# The words and punctuation marks of the sentences themselves.
GRAMMAR = tuple(
    sorted(
        token
        for token in set(" ".join(VERDICTS + PLOTS + CREDITS + GENRE_OPENINGS + GENRE_VERDICTS + CONTRASTS).split())
        if not token.isupper()
    )
)
