"""Init phases as measured on AWS: ``init="python3.13"`` instead of a number of seconds.

Percentiles of Init Duration (of Restore Duration for SnapStart) of functions that do nothing but
answer, with 512 MB, cold-started ten times a day from 24 July to 22 August 2026 (SnapStart: 2025),
as published by maxday/lambda-perf (Apache-2.0), commit 6070b794; facts/scaling-and-cost.md section
3. A real function adds the time of its own imports. Memory hardly matters: init runs with boosted
CPU.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np

from lambda_nb.simulator.assumptions.workload import Floats, WorkloadError

RANKS = (5.0, 25.0, 50.0, 75.0, 95.0, 99.0)
"""Percent: the ranks of the percentiles below."""

# Runtime, package, architecture; ms at each rank.
_MEASURED = """
dotnet8          zip   arm64   220  268  299  333  646  751
dotnet8          zip   x86_64  222  240  251  275  570  619
dotnet8          image arm64   325  400  443  529  790  847
dotnet8          image x86_64  313  360  402  481  776  887
dotnet8-aot      zip   arm64    66   74   78   81   88  104
dotnet8-aot      zip   x86_64   78   84   86   88   97  114
dotnet8-aot      image arm64    41   51   56   64  107  140
dotnet8-aot      image x86_64   47   54   61   77  126  154
dotnet10         zip   arm64   195  237  251  275  624  713
dotnet10         zip   x86_64  222  236  250  292  587  684
dotnet10         image arm64   267  343  373  450  762  835
dotnet10         image x86_64  325  355  397  476  779  844
dotnet10-aot     zip   arm64    52   56   63   65   71   90
dotnet10-aot     zip   x86_64   62   69   72   76   87  102
dotnet10-aot     image arm64    35   45   51   61   97  120
dotnet10-aot     image x86_64   45   51   59   87  123  150
go               zip   arm64    36   37   43   44   45   53
go               zip   x86_64   43   49   50   51   55   62
go               image arm64    28   37   40   49   90  107
go               image x86_64   35   40   48   63  101  126
java8.al2        zip   arm64   194  249  269  459  505  520
java8.al2        zip   x86_64  224  240  250  270  485  540
java8.al2        image arm64   234  298  321  338  513  607
java8.al2        image x86_64  279  309  325  369  631  698
java11           zip   arm64   211  272  284  372  547  566
java11           zip   x86_64  234  269  276  292  531  577
java11           image arm64   246  315  333  422  734  765
java11           image x86_64  304  332  368  435  707  786
java11-snapstart zip   x86_64  507  561  603  653  762  857
java17           zip   arm64   160  186  218  225  247  542
java17           zip   x86_64  177  198  204  215  239  346
java17           image arm64   225  284  321  378  550  612
java17           image x86_64  246  281  321  386  646  738
java17-snapstart zip   x86_64  530  590  635  690  788  899
java21           zip   arm64   184  207  251  259  284  590
java21           zip   x86_64  207  230  239  250  301  590
java21           image arm64   218  301  337  416  683  732
java21           image x86_64  274  311  362  429  727  789
java21-snapstart zip   x86_64  535  596  649  715  822  958
java25           zip   arm64   140  179  199  209  304  447
java25           zip   x86_64  160  180  190  206  416  443
java25           image arm64   164  226  249  306  461  543
java25           image x86_64  201  223  243  281  519  681
llrt             zip   arm64    41   50   63   67   70   73
llrt             zip   x86_64   57   63   67   71   75   82
llrt             image arm64    34   44   48   56  105  154
llrt             image x86_64   45   51   61   83  157  204
nodejs20.x       zip   arm64   104  113  132  136  143  164
nodejs20.x       zip   x86_64  114  136  141  147  167  184
nodejs20.x       image arm64   167  208  230  240  357  701
nodejs20.x       image x86_64  214  241  262  347  697  762
nodejs22.x       zip   arm64   100  112  130  135  141  167
nodejs22.x       zip   x86_64  115  134  140  147  169  183
nodejs22.x       image arm64   168  222  239  314  727  786
nodejs22.x       image x86_64  222  257  291  369  613  751
nodejs24.x       zip   arm64    95  114  124  128  137  170
nodejs24.x       zip   x86_64  110  129  134  142  162  180
nodejs24.x       image arm64   170  213  228  281  707  735
nodejs24.x       image x86_64  217  240  268  333  613  729
python3.9        zip   arm64    56   68   74   77   97  192
python3.9        zip   x86_64   65   74   77   82   97  115
python3.9        image arm64    90  117  129  181  289  312
python3.9        image x86_64  116  129  150  175  304  362
python3.10       zip   arm64    57   69   74   76   94  126
python3.10       zip   x86_64   63   74   77   82   95  119
python3.10       image arm64    90  114  123  140  230  258
python3.10       image x86_64  112  124  139  166  269  305
python3.11       zip   arm64    57   71   74   76   87   97
python3.11       zip   x86_64   67   75   78   83   99  111
python3.11       image arm64    87  112  123  144  254  286
python3.11       image x86_64  112  126  144  181  294  348
python3.12       zip   arm64    63   69   81   84   96  121
python3.12       zip   x86_64   70   80   84   89  107  137
python3.12       image arm64    95  123  134  163  344  380
python3.12       image x86_64  118  138  160  230  347  409
python3.13       zip   arm64    62   70   80   83   92  104
python3.13       zip   x86_64   71   80   84   89  102  117
python3.13       image arm64    91  121  131  172  288  318
python3.13       image x86_64  121  137  162  214  353  390
python3.14       zip   arm64    78   88  101  106  118  159
python3.14       zip   x86_64   92  102  107  120  156  237
python3.14       image arm64   116  145  158  194  317  351
python3.14       image x86_64  138  154  171  207  380  432
ruby3.2          zip   arm64   195  264  300  403  425  483
ruby3.2          zip   x86_64  197  216  235  292  397  450
ruby3.2          image arm64   221  263  305  322  396  456
ruby3.2          image x86_64  219  244  260  283  403  441
ruby3.3          zip   arm64   184  228  252  276  412  477
ruby3.3          zip   x86_64  196  222  239  322  421  465
ruby3.3          image arm64   211  262  291  309  402  431
ruby3.3          image x86_64  224  254  271  304  440  497
ruby3.4          zip   arm64   176  228  250  346  412  463
ruby3.4          zip   x86_64  190  206  228  327  453  538
ruby3.4          image arm64   207  262  280  297  386  443
ruby3.4          image x86_64  224  242  262  299  412  504
rust             zip   arm64    12   13   14   14   21   45
rust             zip   x86_64   14   15   16   17   30   49
rust             image arm64    22   28   31   40   83   90
rust             image x86_64   26   31   35   46   85   98
"""


@dataclass(frozen=True, slots=True)
class MeasuredInit:
    """A law of init phases by its percentiles.

    Between the percentiles the logarithm of the time is a straight line; below the 5th and above
    the 99th the line goes on, at most to twice the value at the 99th.

    Attributes
    ----------
    runtime, package, architecture
        What was measured.
    percentiles
        Seconds at :data:`RANKS`.
    """

    runtime: str
    package: str
    architecture: str
    percentiles: tuple[float, ...]

    def __call__(self, rng: np.random.Generator, count: int) -> Floats:
        """Draw ``count`` init phases (s)."""
        return self.at(rng.uniform(0.0, 100.0, count))

    def at(self, percent: Floats) -> Floats:
        """Seconds at these percentages (0 to 100)."""
        logs = np.log(np.array(self.percentiles))
        ranks = np.array(RANKS)
        first = logs[0] - (logs[1] - logs[0]) / (ranks[1] - ranks[0]) * ranks[0]
        last = logs[-1] + (logs[-1] - logs[-2]) / (ranks[-1] - ranks[-2]) * (100.0 - ranks[-1])
        last = min(last, logs[-1] + np.log(2.0))
        drawn: Floats = np.exp(
            np.interp(percent, [0.0, *ranks, 100.0], [first, *logs.tolist(), last])
        )
        return drawn


@lru_cache(maxsize=1)
def measured_inits() -> Mapping[tuple[str, str, str], MeasuredInit]:
    """All measurements, by runtime, package (``zip``, ``image``) and architecture."""
    found = {}
    for line in _MEASURED.strip().splitlines():
        runtime, package, architecture, *figures = line.split()
        seconds = tuple(float(figure) / 1e3 for figure in figures)
        found[runtime, package, architecture] = MeasuredInit(
            runtime, package, architecture, seconds
        )
    return MappingProxyType(found)


def measured_init(runtime: str, package: str = "zip", architecture: str = "x86_64") -> MeasuredInit:
    """The law of init phases that was measured for a runtime.

    Parameters
    ----------
    runtime
        As Lambda names it (``"python3.13"``), or ``"go"``, ``"rust"``, ``"java21-snapstart"``, ...
    package
        ``"zip"`` or ``"image"``.
    architecture
        ``"x86_64"`` or ``"arm64"``.

    Raises
    ------
    WorkloadError
        When there is no such measurement; the message lists the measured runtimes.
    """
    found = measured_inits().get((runtime, package, architecture))
    if found is None:
        names = list(dict.fromkeys(name for name, _, _ in measured_inits()))
        raise WorkloadError(
            f"no init phase was measured for {runtime!r} ({package}, {architecture}); there are "
            f"{', '.join(names)}: each as zip or image for x86_64 or arm64, SnapStart as zip for "
            "x86_64 only. Or give seconds"
        )
    return found


def named(init: Any) -> Any:
    """The ``init`` of ``simulate``, with names of runtimes replaced by laws.

    Text is a runtime, optionally with package and architecture: ``"nodejs22.x image arm64"``. In a
    mapping, the value of each function is replaced; anything else stays as it is.
    """
    if isinstance(init, str):
        words = init.split()
        if not 1 <= len(words) <= 3:
            raise WorkloadError(
                f"init is {init!r}; give a runtime such as 'python3.13' or 'nodejs22.x image arm64'"
            )
        return measured_init(*words)
    if isinstance(init, Mapping):
        return {function: named(law) for function, law in init.items()}
    return init
