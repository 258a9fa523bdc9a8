from pipeline.tracking.histogram import draw


def test_pictures_have_one_size_whatever_they_show() -> None:
    one, other = draw([0, 5, 5], "epoch 1"), draw([1] * 40, "epoch 12")
    assert one.size == other.size
    assert one.tobytes() != other.tobytes()


def test_no_review_is_an_empty_picture() -> None:
    assert draw([0] * 40, "epoch 1").getbbox() is not None
