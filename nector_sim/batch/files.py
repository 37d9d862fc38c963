"""Files of orders: read, scored and written, CSV or Parquet by the file's ending."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from nector_sim.calculator.compiled import answer
from nector_sim.calculator.tables import compile_program
from nector_sim.errors import InputError
from nector_sim.orders.checks import as_frame, read_inputs, rejects_frame
from nector_sim.rules.program import Program
from nector_sim.scoring import arrow_columns, free_of_results
