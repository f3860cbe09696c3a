"""Files that hold data and no questions: names with texts, what models said, results."""

import os
import re
from collections.abc import Iterator, Sequence

from curation.init.columns import columns_of, snake
from curation.init.look import Part
from curation.init.roles import score_of
from curation.init.words import NO_QUESTION, QUESTION

_RESULTS = re.compile(
    r"(?i)(?:^|[\W_])(?:outputs?|predictions?|preds?|results?|responses?|generations?|generated|submissions?|errors?|error.analysis|logs?"
    r"|scores?|leaderboard|metrics|human.eval(?:uation)?)(?=[\W_]|$)"
)
_OF_MODELS = frozenset(
    (
        "prediction",
        "predictions",
        "pred",
        "model_output",
        "model_answer",
        "model_response",
        "error_type",
        "model_pred",
        "is_correct",
        "hit",
    )
)
_SURE = 4


def why_no_questions(part: Part, others: Sequence[Part]) -> str:
    """Why a part of data holds no questions, '' where it may; beside parts that ask, what is called like results is none."""
    columns = columns_of(part.records[:60])
    names = {column.name for column in columns}
    if len(part.records) == 1 and isinstance(value := part.records[0].value, dict):
        texts = [item for item in value.values() if isinstance(item, str) and " " in item]
        if len(value) > 8 and len(texts) >= 0.9 * len(value) and not _states_question(value):
            return f"one object of {len(value)} names and texts ({', '.join(list(value)[:3])}, ...), no records"
    path = str(part.reading.get("path", ""))
    inner = os.path.join(os.path.basename(os.path.dirname(path)), os.path.basename(path))
    asking = [other for other in others if other is not part and other.records and _asks(other.records[0].value)]
    plain = [other for other in asking if _OF_MODELS.isdisjoint(snake(str(key)) for key in other.records[0].value)]
    if not names.isdisjoint(_OF_MODELS) and any(_asks_the_same(part, other) for other in plain):
        return f"looks like what models answered (it has {', '.join(sorted(names & _OF_MODELS))}); name the file itself to read it"
    if asking and not _asks(part.records[0].value) and (hit := _RESULTS.search(inner)):
        said = hit[0].strip("/_-. ")
        return f"looks by its name ({said}) like results or outputs of models; name the file itself to read it"
    return ""


def _asks_the_same(part: Part, other: Part) -> bool:
    """Whether some long texts of two parts are the same: the questions, where one holds what models made of them."""
    one, two = ({text for record in side.records for text in _texts(record.value)} for side in (part, other))
    return len(one & two) >= 3


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (item.strip() for item in value.values() if isinstance(item, str) and len(item) >= 30)


def _states_question(value: dict[str, object]) -> bool:
    return any(QUESTION.get(snake(str(key)), 0) >= 6 for key in value)


def _asks(value: object) -> bool:
    return isinstance(value, dict) and any(score_of(snake(str(key)), QUESTION, NO_QUESTION) >= _SURE for key in value)
