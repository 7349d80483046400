"""A transformer of scikit-learn: rows to the codes of an autoencoder, and back."""

__all__ = ["AutoencoderTransformer"]

from collections.abc import Mapping, Sequence
from typing import Any, Self, final

import numpy as np
import numpy.typing as npt
import torch
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from copyist import recipes
from copyist.data import Splits
from copyist.devices import one_thread
from copyist.errors import ShapeError
from copyist.models.contracts import Autoencoder, needs
from copyist.models.in_batches import in_batches
from copyist.sklearn.training_rows import LearnedColumns, as_seed, change_recipe, checked_rows, in_float64, refusals
from copyist.tensors import Codes, Rows
from copyist.training import Recipe, train


@final
class AutoencoderTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """An autoencoder trained to copy rows; `transform` gives their codes, and `inverse_transform` copies from codes.

    Columns are standardized by the model itself, and put back into their own units. Columns with one value only are
    not learned; copies have that value.

    Args:
        recipe: of the model, or the name of one in `copyist recipes`; None takes `table`. All rows given to `fit` are
            trained on, and a tenth is held out where the recipe stops by held-out rows.
        steps: of the optimizer; None takes the recipe's, as do the next ones.
        batch_size: rows per step.
        learning_rate: at its peak.
        widths: units of the layers of an MLP, from the input inwards.
        code: units of the code.
        options: further settings of the recipe by the names that `copyist train --set` takes.
        random_state: an int gives the same codes each time, whatever the number of threads; a `RandomState` draws a
            seed at each `fit`, and None draws it from NumPy's global generator.

    Attributes:
        model_: the trained autoencoder.
        n_features_in_: D, columns of the rows.
        feature_names_in_: their names, where `fit` got a data frame with texts for names.

    Examples:
        >>> import numpy as np
        >>> from copyist.sklearn import AutoencoderTransformer
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=(200, 2)) @ rng.normal(size=(2, 5))
        >>> transformer = AutoencoderTransformer(code=2, steps=300).fit(x)
        >>> transformer.transform(x).shape
        (200, 2)
        >>> bool(transformer.score(x) > 0.9)
        True
    """

    def __init__(
        self,
        *,
        recipe: Recipe | str | None = None,
        steps: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        widths: Sequence[int] | None = None,
        code: int | None = None,
        options: Mapping[str, Any] | None = None,
        random_state: Any = 0,
    ) -> None:
        self.recipe = recipe
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.widths = widths
        self.code = code
        self.options = options
        self.random_state = random_state

    @property
    def _n_features_out(self) -> int:
        return int(np.prod(self._code_shape))

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803 the name is scikit-learn's
        """Train on rows.

        Args:
            X: (N, D) finite numbers, at least 2 rows.
            y: is not used.

        Returns:
            The estimator.

        Raises:
            ValueError: the rows or an argument break a rule.
            TypeError: the rows are sparse, or the model of the recipe has no code.
        """
        x = checked_rows(X, of=self, reset=True, fewest=2)
        recipe, seed = self._recipe(), as_seed(self.random_state)
        with refusals(), one_thread():
            test = None if recipe.training.patience else x
            splits = Splits.from_arrays(x, test, split_seed=seed, name="X")
            run = train(recipe, data=splits, seed=seed)
            self.model_ = needs(run.load(), Autoencoder, verb="transform")
            self._columns = LearnedColumns.of(splits, x)
            rows = self._columns.select(x)
            mean, std = rows.mean(0), rows.std(0, correction=0)
            self._mean, self._std = mean, torch.where(std > 0, std, 1)
            self._code_shape = tuple(self._encode(rows[:1]).shape[1:])
        return self

    def transform(self, X: Any) -> npt.NDArray[Any]:  # noqa: N803
        """The codes of rows (B, D): (B, K), in the type of the rows; a code of another shape is flattened."""
        check_is_fitted(self)
        x = checked_rows(X, of=self)
        return self._encode(self._columns.select(x)).flatten(1).numpy().astype(x.dtype)

    def inverse_transform(self, X: Any) -> npt.NDArray[Any]:  # noqa: N803
        """What codes (B, K) stand for: rows (B, D) in the units of the table, in the type of the codes.

        Raises:
            ValueError: they are no codes of this model.
        """
        check_is_fitted(self)
        z = checked_rows(X)
        if z.shape[1] != self._n_features_out:
            raise ShapeError(
                f"codes must have {self._n_features_out} columns, got {z.shape[1]}; give what transform returned"
            )
        codes = torch.from_numpy(z.astype(np.float64)).unflatten(1, self._code_shape)
        return self._columns.restore(self._decode(codes)).astype(z.dtype)

    def score(self, X: Any, y: Any = None) -> float:  # noqa: N803
        """How much of the variance copies of rows (B, D) hold: 1 for perfect ones, 0 for the mean of `fit`'s rows.

            1 − Σ (D(E(x)) − x)² / s² / Σ (x − m)² / s²

        m and s are mean and standard deviation of each column over the rows given to `fit`. Larger is better, as model
        selection expects.
        """
        check_is_fitted(self)
        x = self._columns.select(checked_rows(X, of=self))
        x_hat = self._decode(self._encode(x))
        error, spread = ((x_hat - x) / self._std).square().sum(), ((x - self._mean) / self._std).square().sum()
        return float(1 - error / spread) if spread > 0 else float(error == 0)

    def _encode(self, x: Rows) -> Codes:
        model = in_float64(self.model_)
        with torch.no_grad():
            return in_batches(model, model.encode, x)

    def _decode(self, z: Codes) -> Rows:
        model = in_float64(self.model_)
        with torch.no_grad():
            return in_batches(model, model.decode, z)

    def _recipe(self) -> Recipe:
        """With the arguments that are not None.

        Raises:
            ContractError: its model has no code.
        """
        recipe = recipes.table() if self.recipe is None else self.recipe
        recipe = recipes.configured(recipe) if isinstance(recipe, str) else recipe
        plain = {name: getattr(self, name) for name in ("steps", "batch_size", "learning_rate", "widths", "code")}
        return change_recipe(recipe, plain | dict(self.options or {}))
