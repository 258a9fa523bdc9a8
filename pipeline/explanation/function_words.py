"""The closed classes of English, whose words carry grammar rather than opinion.

Lists of stop words made for search hold words that a review means, such as "serious" or "interest". This one has
determiners, pronouns, auxiliaries, prepositions, conjunctions, and adverbs that only point or link; degree and contrast
("very", "but", "too") are in it, and negations have a kind of their own.
"""

_TEXT = """
    a an the this that these those such some any each every either all both half several many much more most few fewer
    less least enough other others another same own
    i me my mine myself you your yours yourself yourselves he him his himself she her hers herself it its itself we us
    our ours ourselves they them their theirs themselves one ones oneself who whom whose which what whoever whomever
    whichever whatever someone somebody something anyone anybody anything everyone everybody everything
    am is are was were be been being have has had having do does did doing done can could will would shall should may
    might must ought need dare ca wo sha
    about above across after against along amid among amongst around as at before behind below beneath beside besides
    between beyond by despite down during except for from in inside into like near of off on onto out outside over past
    per round since than through throughout till to toward towards under underneath until unto up upon via with within
    and but or so yet if because although though unless whereas while whether once when whenever where wherever why how
    however therefore thus hence otherwise moreover furthermore nevertheless nonetheless meanwhile
    here there now then again also too very quite rather just only even still already always often sometimes ever soon
    perhaps maybe almost else instead etc
"""
FUNCTION_WORDS = frozenset(_TEXT.split())
