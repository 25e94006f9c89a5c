"""What a backtest pays, and where each figure comes from: nothing is zero in silence."""

from atc_cli.domain.fees import ASSUMED_FEE_BPS, FUNDING_BPS_PER_8H, SLIPPAGE_BPS, taker_bps
from atc_cli.domain.rules import Costs
from atc_cli.settings.backtest import Paid
from atc_cli.settings.names import DEMO
from atc_cli.settings.sections import Settings

_BPS = 1e4


def costs_of(settings: Settings, own: Paid) -> Costs:
    """As given, as published, or assumed; the words say which."""
    fee_bps, fee_said = _fee(settings, own)
    slippage_bps = SLIPPAGE_BPS if own.slippage_bps is None else own.slippage_bps
    slippage_said = "as given" if own.slippage_bps is not None else "assumed"
    funding_bps, funding_said = _funding(settings, own)
    return Costs(
        fee_frac=fee_bps / _BPS,
        slippage_frac=slippage_bps / _BPS,
        funding_frac_per_8h=funding_bps / _BPS,
        said=(
            f"fee {fee_bps:g} bps a fill: {fee_said}",
            f"slippage {slippage_bps:g} bps a fill: {slippage_said}",
            funding_said,
        ),
    )


def _fee(settings: Settings, own: Paid) -> tuple[float, str]:
    if own.fee_bps is not None:
        return own.fee_bps, "as given"
    if settings.data is not None or DEMO in settings.exchange:
        whose = "files say" if settings.data is not None else "a simulated market says"
        return ASSUMED_FEE_BPS, f"assumed, {whose} none; --fee-bps"
    known = {each: taker_bps(each, settings.market) for each in settings.exchange}
    unknown = [name for name, fee in known.items() if fee is None]
    if unknown:
        return ASSUMED_FEE_BPS, f"assumed, that of {', '.join(unknown)} is not known here; --fee-bps"
    name, fee = max(((name, fee) for name, fee in known.items() if fee is not None), key=lambda each: each[1])
    return fee, f"{name} {settings.market} taker, lowest tier, as known in 2026; --fee-bps"


def _funding(settings: Settings, own: Paid) -> tuple[float, str]:
    if own.funding is not None:
        return 0.0, f"funding: rates of {own.funding.name}"
    if own.funding_bps_per_8h is not None:
        return own.funding_bps_per_8h, f"funding {own.funding_bps_per_8h:g} bps per 8 h: as given"
    if settings.data is not None:
        return 0.0, "funding none: files do not say whether these are perpetuals; --funding-bps-per-8h"
    if settings.market != "swap":
        return 0.0, f"funding none: {settings.market}"
    return (
        FUNDING_BPS_PER_8H,
        f"funding {FUNDING_BPS_PER_8H:g} bps per 8 h, paid by longs: assumed; --funding-bps-per-8h",
    )
