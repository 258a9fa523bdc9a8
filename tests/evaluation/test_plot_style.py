import io

from PIL import Image

from pipeline.evaluation.plot_style import INK, panels, png, svg


def test_png_is_the_same_each_time() -> None:
    figures = [panels("a title", [("x", "y")], (3, 2))[0] for _ in range(2)]
    assert png(figures[0]) == png(figures[1])
    assert Image.open(io.BytesIO(png(figures[0]))).size == (432, 288)


def test_svg_takes_the_colours_of_its_page_and_keeps_its_ids_to_itself() -> None:
    figure, [axes] = panels("100 $ < 200 $ & <script>", [("x", "y")], (3, 2))
    axes.plot([0, 1], [0, 1], "o-", color=INK)
    one, other = svg(figure, "one"), svg(figure, "other")
    assert one == svg(figure, "one")
    assert one.startswith("<svg ")
    assert "currentColor" in one
    assert INK not in one
    assert 'width="' not in one.split(">")[0]
    assert "100 $ &lt; 200 $ &amp; &lt;script&gt;" in one
    assert {part.split('"')[0] for part in one.split(' id="')[1:]}.isdisjoint(
        part.split('"')[0] for part in other.split(' id="')[1:]
    )
