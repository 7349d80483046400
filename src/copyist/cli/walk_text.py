"""What `copyist walk` says of a walk, to machines and to people."""

__all__ = ["measured", "sentence"]

from typing import TYPE_CHECKING, Any

from copyist.cli.terminal import counted

if TYPE_CHECKING:
    from copyist.procedures import AtRest, Trajectory
    from copyist.tensors import Images


def measured(course: "Trajectory", copies: "Images | None", stillness: "AtRest | None") -> dict[str, Any]:
    """How a walk ended.

    Args:
        course: of all its frames.
        copies: of the images it started from, from which those that walked got away; None where that is not asked.
        stillness: which watched the frames, where it was asked for.
    """
    last = course.positions[-1]
    result: dict[str, Any] = {
        "images": len(last.motion),
        "steps": len(course.positions) - 1,
        "moved": float(last.from_start.square().mean().sqrt()),
        "last_motion": float(last.motion.mean()),
    }
    near = [float(position.nearest.mean()) for position in course.positions if position.nearest is not None]
    if near:
        result |= {"nearest_at_start": near[0], "nearest_at_end": near[-1]}
    if copies is not None:
        result |= _walkers(course, copies)
    if stillness is not None:
        # -1 and a period of 0 are of images that still move.
        result |= {"still_since": stillness.since.tolist(), "period": stillness.period.tolist()}
    return result


def sentence(result: dict[str, Any]) -> str:
    """The same for people."""
    steps, images = counted(result["steps"], "step"), counted(result["images"], "image")
    way = f"to {result['to']}" if "to" in result else f"with noise {result['noise']:g}"
    parts = [
        f"walked {steps} from {images} {way} into {result['out']}, {result['batch']}",
        f"they ended {result['moved']:.3f} from where they started (root mean square over pixels)",
    ]
    if "walked" in result:
        parts.append(
            f"{sum(result['walked'])} of {images} walked: they ended farther from their copies than "
            f"{result['threshold']:.3f}, half the median distance between two images' copies"
        )
    if "nearest_at_end" in result:
        near = f"{result['nearest_at_start']:.3f} away at the start and {result['nearest_at_end']:.3f} at the end"
        parts.append(f"the nearest image of --data was {near}")
    rest = zip(result.get("still_since", ()), result.get("period", ()), strict=True)
    stood = [_stood(image, since, period) for image, (since, period) in enumerate(rest)]
    parts += [", ".join(stood)] if stood else []
    return "; ".join([*parts, f"every step is in {result['course']}"])


def _walkers(course: "Trajectory", copies: "Images") -> dict[str, Any]:
    """Which images walked; of a single one that is not known."""
    from copyist.procedures import walkers

    if len(copies) < 2:
        return {}
    found = walkers(course.last, copies)
    return {
        "walked": found.walked.tolist(),
        "displacement": found.displacement.tolist(),
        "threshold": found.threshold,
    }


def _stood(image: int, since: int, period: int) -> str:
    if period == 0:
        return f"image {image} still moves"
    after = f"after {counted(since, 'step')}"
    return f"image {image} stood still {after}" if period == 1 else f"image {image} went round {period} steps {after}"
