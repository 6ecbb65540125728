"""What kmb does otherwise than Keras 3.15.1, and why; `docs/keras_differences.md` is written from it.

The comparison holds itself to this table strictly: a difference that is not here fails, and so does an entry that none
of an op's calls shows any more.
"""

from .decisions import DECISIONS
from .defects import DEFECTS

TABLE = DECISIONS + DEFECTS
