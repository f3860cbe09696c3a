"""The datatrove steps that a build is made of. Each is a module-level class: it travels to the workers."""

from curation.steps.decide import ApplyDecisions
from curation.steps.difficulty import DecideDifficulty
from curation.steps.judge import FilterRows, KeepLicensed, VerifyCompletions, VerifyGolds
from curation.steps.mixture import DecideMixture
from curation.steps.normalise import NormaliseRows
from curation.steps.pictures import NormalisePictures
from curation.steps.read import ReadRows, ReadSource
from curation.steps.shards import WriteShards
from curation.steps.write import WriteRows

__all__ = [
    "ApplyDecisions",
    "DecideDifficulty",
    "DecideMixture",
    "FilterRows",
    "KeepLicensed",
    "NormalisePictures",
    "NormaliseRows",
    "ReadRows",
    "ReadSource",
    "VerifyCompletions",
    "VerifyGolds",
    "WriteRows",
    "WriteShards",
]
