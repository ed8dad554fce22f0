"""Traces of invocations: one table, many sources.

A :class:`Trace` has one row per invocation (``arrival``, ``function``, ``duration``, ``memory``,
...), whatever its source. Read one, record one, or generate one:

=================================  ===============================================================
``Trace.from_logs``                the engine's invocation log, or START and REPORT lines, through
                                   the CloudWatch Logs API: the same call reads AWS
``read_logs``                      log files exported from CloudWatch; also Lambda Insights
``read_cloudfront``                access logs of CloudFront distributions, as a frame
``read_csv``, ``read_parquet``     one row per invocation, with a mapping of columns
``azure_2019``, ``azure_2021``     the public traces of Azure Functions
``huawei_2023``, ``huawei_2025``   the public traces of Huawei Cloud
``aws_lambda_2020``                every request to one real Lambda function
``invitro``                        measurements of in-vitro's loader
``poisson``, ``daily``, ...        traffic generated from a rule and a seed
``heavy_tailed``                   a whole account of functions, as published for Azure
``laws``                           durations that vary
``merge``, ``scale``               new traffic from existing traces
=================================  ===============================================================
"""

from lambda_nb.traces.datasets.aws2020 import aws_lambda_2020
from lambda_nb.traces.datasets.azure2019 import azure_2019
from lambda_nb.traces.datasets.azure2021 import azure_2021
from lambda_nb.traces.datasets.huawei import huawei_2023, huawei_2025
from lambda_nb.traces.datasets.invitro import invitro
from lambda_nb.traces.generators import laws
from lambda_nb.traces.generators.generate import bursts, daily, mmpp, periodic, poisson, weekly
from lambda_nb.traces.generators.population import heavy_tailed
from lambda_nb.traces.logs.cloudfront import read_cloudfront
from lambda_nb.traces.logs.cloudwatch import from_logs
from lambda_nb.traces.logs.log_files import read_logs
from lambda_nb.traces.reshape import merge, scale
from lambda_nb.traces.schema import COLUMNS, TraceError
from lambda_nb.traces.tabular import read_csv, read_parquet
from lambda_nb.traces.trace import Trace

__all__ = [
    "COLUMNS",
    "Trace",
    "TraceError",
    "aws_lambda_2020",
    "azure_2019",
    "azure_2021",
    "bursts",
    "daily",
    "from_logs",
    "heavy_tailed",
    "huawei_2023",
    "huawei_2025",
    "invitro",
    "laws",
    "merge",
    "mmpp",
    "periodic",
    "poisson",
    "read_cloudfront",
    "read_csv",
    "read_logs",
    "read_parquet",
    "scale",
    "weekly",
]
