"""Writes the pickles beside it: plain values and NumPy arrays, as data sets are shared."""
import pathlib
import pickle

import numpy as np

here = pathlib.Path(__file__).parent
value = {
    b"data": np.arange(250, 256, dtype=np.uint8).reshape(2, 3),
    "wide": np.array([-1, 2], dtype=np.int64),
    "names": ["cat", "dog"],
    "labels": [1, 0],
}
for protocol in 2, 4, 5:
    (here / f"numpy{protocol}.pickle").write_bytes(pickle.dumps(value, protocol=protocol))
(here / "fortran.pickle").write_bytes(pickle.dumps(np.asfortranarray(value[b"data"]), protocol=4))
(here / "objects.pickle").write_bytes(pickle.dumps(np.array([None]), protocol=4))
