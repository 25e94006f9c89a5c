"""The account of a backtest: by the compiled kernels; the same bits without them."""

from atc_cli.domain import account
from atc_cli.domain.results.backtest import Account
from atc_cli.domain.rules import Costs, Rules
from atc_cli.domain.tape import Tape


def follow(tape: Tape, rules: Rules, costs: Costs, capital: float) -> Account:
    """See domain.account."""
    return account.follow(tape, rules, costs, capital)
