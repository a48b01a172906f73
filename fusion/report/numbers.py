"""How numbers are written."""

from fusion.report.metric_row import MetricRow


def number(value: float, *, signed: bool = False, decimals: int = 3) -> str:
    """Three decimals, with a true minus sign.

    Example:
        >>> number(0.8126), number(-0.02), number(0.02, signed=True), number(-0.0001, signed=True)
        ('0.813', '−0.020', '+0.020', '0.000')
    """
    text = f"{value:{'+' if signed else ''}.{decimals}f}"
    nothing = f"{0:.{decimals}f}"
    return nothing if text.strip("+-") == nothing else text.replace("-", "−")


def value(row: MetricRow) -> str:
    """The value, signed if it is a difference, or that there is none."""
    if row.value is None:
        return "not defined"
    return number(row.value, signed=row.versus is not None)


def interval(row: MetricRow) -> str:
    """As "0.712 to 0.893"; empty without a value."""
    if row.value is None:
        return ""
    if row.low is None or row.high is None:
        return "no interval"
    signed = row.versus is not None
    return f"{number(row.low, signed=signed)} to {number(row.high, signed=signed)}"


def p_value(p: float | None) -> str:
    """As journals want it.

    Example:
        >>> p_value(0.0004), p_value(0.0312), p_value(None)
        ('< 0.001', '0.031', '')
    """
    if p is None:
        return ""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
