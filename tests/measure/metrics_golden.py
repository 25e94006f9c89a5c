"""Write what empyrical-reloaded says of the cases of tests/helpers/metric_cases.py.

It is no dependency of ours: run this in an environment of its own, which has it and nothing else,
`python -m tests.measure.metrics_golden` in the root of the repository.
"""

import json
import math
import platform
from importlib.metadata import version

import empyrical
import numpy as np

from tests.helpers.metric_cases import CASES, FILE, ReturnsCase


def figures_of(case: ReturnsCase) -> dict[str, float | None]:
    own, benchmark = (np.array(each) for each in case.returns())
    year = {"annualization": case.year_days}
    found = {
        "return_total_frac": empyrical.cum_returns_final(own),
        "return_annual_frac": empyrical.annual_return(own, **year),
        "volatility_annual_frac": empyrical.annual_volatility(own, **year),
        "sharpe_annual": empyrical.sharpe_ratio(own, **year),
        "sortino_annual": empyrical.sortino_ratio(own, **year),
        "calmar_annual": empyrical.calmar_ratio(own, **year),
        "max_drawdown_frac": empyrical.max_drawdown(own),
        "tail_ratio": empyrical.tail_ratio(own),
        "beta": empyrical.beta(own, benchmark),
        "alpha_annual_frac": empyrical.alpha(own, benchmark, **year),
        "benchmark_return_total_frac": empyrical.cum_returns_final(benchmark),
        "benchmark_return_annual_frac": empyrical.annual_return(benchmark, **year),
        "benchmark_sharpe_annual": empyrical.sharpe_ratio(benchmark, **year),
        "benchmark_max_drawdown_frac": empyrical.max_drawdown(benchmark),
    }
    return {key: float(value) if math.isfinite(value) else None for key, value in found.items()}


def main() -> None:
    made_by = {name: version(name) for name in ("empyrical-reloaded", "numpy", "pandas")}
    cases = {case.label: figures_of(case) for case in CASES}
    document = {"made_by": made_by | {"python": platform.python_version()}, "cases": cases}
    FILE.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
