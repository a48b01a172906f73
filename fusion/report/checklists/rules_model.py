"""Replies about the model: what it is, how it was made, what can be passed on."""

from fusion.report.checklists.facts import Facts, named
from fusion.report.checklists.item import Reply, authors, not_applicable, yes

CONFIG = "config.yaml"
"""Of the run's folder."""


def title(f: Facts) -> Reply:
    """A title is the paper's."""
    kind = "development and evaluation" if f.develops else "evaluation"
    return authors(f"The run supplies: {kind} of a prediction model.", "asked")


def abstract(f: Facts) -> Reply:
    """So is an abstract."""
    return authors(
        "The run supplies the results in a sentence and a table.", "answer", "headline.md"
    )


def purpose(f: Facts) -> Reply:
    """Use and users are a decision of people."""
    return authors("The run supplies the question as it was asked.", "asked")


def objective(f: Facts) -> Reply:
    """The question stands in the configuration."""
    kind = "Development and evaluation." if f.develops else "Evaluation of a model from elsewhere."
    return yes(kind, "asked")


def preparation(f: Facts) -> Reply:
    """The steps are known, whether they suit is a judgement."""
    if not f.ours:
        return authors()
    note = "The run supplies every step and its values."
    return authors(note, CONFIG, "bundle/preprocessing.json")


def predictors(f: Facts) -> Reply:
    """Inputs are known, when and how they were measured is not."""
    modalities = tuple(str(m) for m in f.summary.presence.columns)
    if not modalities:
        return authors()
    return authors(f"The run supplies the inputs: {named(modalities, 12)}.", "who", CONFIG)


def scaling(f: Facts) -> Reply:
    """What was fitted on the training patients."""
    if not f.ours:
        return authors()
    note = "Numbers are standardised by the training patients, categories coded as configured."
    return yes(note, CONFIG, "bundle/preprocessing.json")


def split(f: Facts) -> Reply:
    """How patients were divided."""
    if not f.develops:
        return not_applicable("nothing was divided here")
    return yes(f.summary.split_scheme, "who", "split.json")


def disjoint(f: Facts) -> Reply:
    """The patient is the unit."""
    if not f.ours:
        return authors()
    if not f.develops:
        return yes("No patient of this cohort took part in training: compared by hashed id.", "who")
    return yes("The patient: all files of a patient are in one part.", "who", "split.json")


def model_building(f: Facts) -> Reply:
    """Tuning before the run is not known to it."""
    note = (
        "The run supplies the whole configuration; whether its values were tuned before, you say."
    )
    return authors(note, CONFIG)


def training(f: Facts) -> Reply:
    """The configuration holds all of it."""
    if not (f.ours and f.develops):
        return authors()
    return yes("Augmentation, loss, optimiser, epochs and seed.", CONFIG, "models")


def final_model(f: Facts) -> Reply:
    """The epoch with the best validation loss."""
    if not (f.ours and f.develops):
        return authors()
    return yes("The epoch that did best in the validation patients; nobody else chose.", "models")


def initialisation(f: Facts) -> Reply:
    """Own first weights from the seed; a foundation encoder brings its own."""
    if not (f.ours and f.develops):
        return authors()
    if f.uses("pretrained encoders"):
        return authors("Random from the seed, but for the pretrained encoders: say which.", CONFIG)
    return yes(f"Random, from the seed {f.metrics.seed}; nothing was pretrained.", CONFIG)


def ensemble(f: Facts) -> Reply:
    """A run makes one model."""
    return not_applicable("one model, no ensemble") if f.ours else authors()


def software(f: Facts) -> Reply:
    """Versions of what numbers depend on."""
    versions = named(tuple(f"{k} {v}" for k, v in f.summary.versions.items()), 4)
    if not f.ours:
        return authors(f"The run supplies the software of the evaluation: {versions}.", "reproduce")
    return yes(f"{versions}.", "reproduce")


def full_model(f: Facts) -> Reply:
    """The bundle predicts elsewhere."""
    if not (f.ours and f.develops):
        return authors()
    note = "Weights, configuration and preprocessing; who may have them, you say."
    return yes(note, "bundle", "bundle/README.md")


def calculation(f: Facts) -> Reply:
    """How an evaluated model predicted."""
    if not f.ours:
        return authors()
    return yes(
        "By the weights of the bundle, with fusion's own code.", "predictions.parquet", "reproduce"
    )


def output(f: Facts) -> Reply:
    """Probabilities and risks."""
    kinds = {t.kind for t in f.summary.tasks}
    said = ["probabilities of the classes"] if kinds - {"survival"} else []
    said += ["a risk, and the probability to be event-free"] if "survival" in kinds else []
    note = f"{' and '.join(said).capitalize()}."
    if "operating" not in f.shown:
        return yes(note, "asked")
    return yes(f"{note} Thresholds are from the validation patients.", "asked", "operating")


def code_sharing(f: Facts) -> Reply:
    """Where code and model are to be found is a decision of people."""
    return authors("The run supplies versions, command and configuration.", "reproduce")


def data_sharing(f: Facts) -> Reply:
    """The report holds no data of patients but predictions."""
    return authors("The run supplies the fingerprint of the cohort.", "reproduce")


def model_sharing(f: Facts) -> Reply:
    """A bundle can be shared; whether it is, the run does not know."""
    if not f.develops:
        return authors()
    return authors("The run supplies a bundle that can be shared.", "bundle")


def extraction_parameters(f: Facts) -> Reply:
    """The configuration has no hidden defaults."""
    if not f.ours:
        return authors()
    return yes("Every parameter stands in the configuration; none has a default in code.", CONFIG)
