"""The course of a walk, measured as the frames go by, is what the geometry of the frames says."""

import pytest
import torch

from contracts import images
from copyist.errors import ArgumentError, ShapeError
from copyist.procedures import Trajectory, walkers

SHAPE = (2, 3, 5)


def test_each_step_and_each_distance_is_that_of_known_frames() -> None:
    # Image 0 goes up by 0.1 a step and then back; image 1 stays.
    levels = [(0.0, 0.5), (0.1, 0.5), (0.2, 0.5), (0.0, 0.5)]
    frames = [torch.tensor(level)[:, None, None, None].expand(2, *SHAPE) for level in levels]
    course = Trajectory()
    assert all(torch.equal(out, frame) for out, frame in zip(course.follow(frames), frames, strict=True))
    motion = torch.stack([position.motion for position in course.positions])
    from_start = torch.stack([position.from_start for position in course.positions])
    torch.testing.assert_close(motion, torch.tensor([[0.0, 0], [0.1, 0], [0.1, 0], [0.2, 0]]))
    torch.testing.assert_close(from_start, torch.tensor([[0.0, 0], [0.1, 0], [0.2, 0], [0.0, 0]]))
    assert torch.equal(course.last, frames[-1])
    assert course.to_csv() == (
        "step,image,motion,from_start\n0,0,0,0\n0,1,0,0\n1,0,0.1,0.1\n1,1,0,0\n2,0,0.1,0.2\n2,1,0,0\n3,0,0.2,0\n3,1,0,0\n"
    )


def test_the_nearest_reference_changes_on_the_way_from_one_to_another() -> None:
    references = images(3, SHAPE)
    start, end = references[[2]], references[[1]]
    course = Trajectory(references=references)
    frames = [torch.lerp(start, end, t) for t in (0.0, 0.25, 0.75, 1.0)]
    assert len(list(course.follow(frames))) == 4
    indices = [int(position.nearest_index[0]) for position in course.positions if position.nearest_index is not None]
    assert indices == [2, 2, 1, 1]
    apart = float((start - end).square().mean().sqrt())
    distances = torch.tensor([float(each.nearest[0]) for each in course.positions if each.nearest is not None])
    torch.testing.assert_close(distances, apart * torch.tensor([0, 0.25, 0.25, 0]))
    assert course.to_csv().splitlines()[0] == "step,image,motion,from_start,nearest,nearest_index"
    assert course.to_csv().splitlines()[1] == "0,0,0,0,0,2"


def test_only_images_beyond_half_the_median_distance_between_copies_walk() -> None:
    # Copies at 0, 1 and 3: distances 1, 2 and 3, their median 2, and the threshold 1.
    copies = torch.tensor([0.0, 1.0, 3.0])[:, None, None, None].expand(3, *SHAPE)
    found = walkers(copies + torch.tensor([0.9, -1.1, 0.0])[:, None, None, None], copies)
    assert found.threshold == pytest.approx(1)
    torch.testing.assert_close(found.displacement, torch.tensor([0.9, 1.1, 0.0]))
    assert found.walked.tolist() == [False, True, False]


def test_one_image_has_no_other_to_walk_to() -> None:
    with pytest.raises(ArgumentError, match=r"^images of which some may walk must be at least 2, got 1$"):
        walkers(images(1), images(1))


def test_frames_and_references_of_another_shape_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"^both batches must have one shape"):
        list(Trajectory().follow([images(2), images(3)]))
    with pytest.raises(ShapeError, match=r"^queries and references must have one shape"):
        list(Trajectory(references=images(4, SHAPE)).follow([images(2)]))
