"""Which of the rows that are left make up the set, and with which weight: strata, quotas, a deterministic choice.

mixture:
  target: 300_000
  group_by: [domain, stratum]
  temperature: 2
  caps: {source: {numina_math: 0.3}}
  floors: {stratum: {challenging: 0.2}}
"""

from curation.mixture.options import COLUMNS, Mixture, Strata
from curation.mixture.quotas import Quota, quotas

__all__ = ["COLUMNS", "Mixture", "Quota", "Strata", "quotas"]
