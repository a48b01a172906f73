"""What a clinician asks for is said in the configuration, and refused where it makes no sense."""

import pytest

from fusion.config.compose import compose
from fusion.errors import ConfigError
from fusion.run.wishes import wishes

RUN = "+experiment=glioma_fusion"


def test_thresholds_go_from_low_to_high():
    config = compose([RUN, "evaluation.thresholds=[0.4,0.1,0.4]", "evaluation.sensitivity=0.8"])
    found = wishes(config.evaluation)
    assert found.thresholds == (0.1, 0.4)
    assert found.sensitivity == 0.8


@pytest.mark.parametrize("value", ["[0.1,1.0]", "[0.0,0.5]", "[0.3]"])
def test_what_is_no_probability_to_act_at_is_refused(value):
    with pytest.raises(ConfigError, match="thresholds"):
        compose([RUN, f"evaluation.thresholds={value}"])
