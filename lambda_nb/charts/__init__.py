"""Charts: functions from data to Matplotlib Axes, readable in light and dark notebooks.

Each takes plain frames, arrays or mappings (none of this project's own types), draws on the Axes it
is given or on a new one, and returns it.

``concurrency``            environments running, initialising and idle, over time
``cold_starts``            cold starts and throttles, over time
``arrivals``               invocations per second, over time
``latency``                the distribution of durations, with percentiles
``percentiles_over_time``  percentiles of durations, over time
``compare``                one figure over time from several runs
``stacked``                one figure over time from parts that add up, such as functions
``cost``                   dollars, stacked by line of the bill
``heat_map``               functions by hour
``edge_map``               edge locations on a map: requests, hits, latency
``hit_ratio``              the share of hits among the requests so far
``gantt``                  the life of every environment
``trade_off``              two figures of each choice, and the unbeaten choices
``power_tuning``           duration and cost by memory, on two axes
``trace``                  a figure of a whole trace
``board``                  an empty figure of several charts, which shows itself in a notebook
"""

from lambda_nb.charts.arrivals import arrivals
from lambda_nb.charts.compare import compare, stacked
from lambda_nb.charts.concurrency import concurrency
from lambda_nb.charts.cost import cost
from lambda_nb.charts.edge_hits import hit_ratio
from lambda_nb.charts.edge_map import edge_map
from lambda_nb.charts.gantt import gantt
from lambda_nb.charts.heat import heat_map
from lambda_nb.charts.latency import latency, percentiles_over_time
from lambda_nb.charts.overview import trace
from lambda_nb.charts.powertuning import power_tuning
from lambda_nb.charts.starts import cold_starts
from lambda_nb.charts.style import Board, board
from lambda_nb.charts.tradeoff import trade_off

__all__ = [
    "Board",
    "arrivals",
    "board",
    "cold_starts",
    "compare",
    "concurrency",
    "cost",
    "edge_map",
    "gantt",
    "heat_map",
    "hit_ratio",
    "latency",
    "percentiles_over_time",
    "power_tuning",
    "stacked",
    "trace",
    "trade_off",
]
