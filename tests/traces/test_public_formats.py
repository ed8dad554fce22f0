"""The public data sets: samples made here in their formats, and real extracts if available."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from lambda_nb import traces
from lambda_nb.traces import TraceError
from lambda_nb.traces.generators import laws

SHARED = Path(__file__).resolve().parents[3] / "shared" / "traces"
real_data = pytest.mark.skipif(
    not SHARED.is_dir(), reason=f"REAL TRACES NOT TESTED: {SHARED} is not on this machine"
)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


# -- Azure 2021 -----------------------------------------------------------------------------------


def test_azure_2021(tmp_path: Path) -> None:
    path = write(
        tmp_path / "azure.csv",
        "app,func,end_timestamp,duration\na,f,10.5,0.5\nb,g,11.0,8.0\nb,f,12.0,0.25\n",
    )
    trace = traces.azure_2021(path, memory=256)
    assert trace.numbers("arrival").tolist() == [3.0, 10.0, 11.75]
    assert trace.numbers("duration").tolist() == [8.0, 0.5, 0.25]
    assert trace.to_pandas()["function"].tolist() == ["g", "a/f", "b/f"]
    assert trace.numbers("memory").tolist() == [256.0] * 3
    assert trace.start is None


def test_azure_2021_that_began_before_the_recording(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "app,func,end_timestamp,duration\na,f,1,4\na,f,2,1\n")
    trace = traces.azure_2021(path)
    assert trace.numbers("arrival").tolist() == [0.0, 4.0]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a,f,2,-1", "a.csv line 3: duration is -1.0 s"),
        ("a,f,2,x", "a.csv line 3: duration must be a number, not 'x'"),
        ("a,f,,1", "a.csv line 3 has no end_timestamp"),
        ("a,,2,1", "a.csv line 3 has no func"),
        ("a,f,2", "a.csv line 3 has 3 fields where the header has 4"),
    ],
)
def test_azure_2021_names_the_bad_line(tmp_path: Path, line: str, message: str) -> None:
    path = write(tmp_path / "a.csv", f"app,func,end_timestamp,duration\na,f,1,0.5\n{line}\n")
    with pytest.raises(TraceError, match=message):
        traces.azure_2021(path)
    with pytest.raises(TraceError, match="has no column 'func': its header is app, end_timestamp"):
        traces.azure_2021(write(tmp_path / "b.csv", "app,end_timestamp,duration\n"))


@real_data
def test_azure_2021_real() -> None:
    trace = traces.azure_2021(SHARED / "azure-2021" / "first_199_invocations.csv")
    assert len(trace) == 199
    first = trace.to_pandas().iloc[0]
    assert first["arrival"] == pytest.approx(0.07949090003967285 - 0.078)
    assert trace.numbers("duration").max() < 600


# -- Azure 2019 -----------------------------------------------------------------------------------

OWNER = "HashOwner,HashApp,HashFunction"


def azure_files(folder: Path) -> tuple[Path, Path, Path]:
    minutes = ",".join(str(i) for i in range(1, 6))
    invocations = write(
        folder / "invocations.csv",
        f"{OWNER},Trigger,{minutes}\no,a,f,http,0,3,0,0,2\no,a,g,timer,1,1,1,1,1\no,b,f,queue,0,0,0,400,0\n",
    )
    points = "Average,Count,Minimum,Maximum," + ",".join(
        f"percentile_Average_{p}" for p in (0, 1, 25, 50, 75, 99, 100)
    )
    durations = write(
        folder / "durations.csv",
        f"{OWNER},{points}\no,a,f,100,5,90,110,90,90,95,100,105,110,110\n"
        "o,b,f,100,400,10,1000,10,10,50,100,150,900,1000\n",
    )
    memory = write(
        folder / "memory.csv",
        "HashOwner,HashApp,SampleCount,AverageAllocatedMb,AverageAllocatedMb_pct1,"
        "AverageAllocatedMb_pct50,AverageAllocatedMb_pct100\no,a,10,90,60,80,100\no,b,10,300,100,200,300.5\n",
    )
    return invocations, durations, memory


def test_azure_2019_counts_are_kept_and_the_rest_is_drawn(tmp_path: Path) -> None:
    files = azure_files(tmp_path)
    trace = traces.azure_2019(*files, seed=1)
    assert len(trace) == 410
    assert sorted(trace.functions) == ["a/f", "b/f", "g"]
    minute = np.bincount((trace["a/f"].numbers("arrival") // 60).astype(int), minlength=5)
    assert minute.tolist() == [0, 3, 0, 0, 2]
    busy = trace["b/f"].to_pandas()
    assert busy["duration"].between(0.01, 1.0).all()
    assert busy["duration"].median() == pytest.approx(0.1, abs=0.02)
    assert set(busy["memory"]) == {301}, "the least whole MB that holds the most it used"
    assert busy["max_memory"].between(100, 301).all()
    assert set(trace["a/f"].to_pandas()["memory"]) == {128}, "Lambda has no less"
    assert np.isnan(trace["g"].numbers("duration")).all()
    assert trace["g"].to_pandas()["trigger"].tolist() == ["timer"] * 5
    assert trace == traces.azure_2019(*files, seed=1)
    assert trace != traces.azure_2019(*files, seed=2)


def test_azure_2019_choices(tmp_path: Path) -> None:
    invocations, durations, _ = azure_files(tmp_path)
    trace = traces.azure_2019(
        invocations,
        durations,
        seed=1,
        duration=laws.exponential(2.0),
        memory_mb=512,
        triggers=("timer", "http"),
        minutes=(1, 3),
        placement="even",
        start="2019-07-15T00:01Z",
    )
    assert trace["a/f"].numbers("arrival").tolist() == [0.0, 20.0, 40.0]
    assert trace["g"].numbers("arrival").tolist() == [0.0, 60.0]
    assert not np.isnan(trace.numbers("duration")).any()
    assert set(trace.numbers("memory")) == {512.0}
    with pytest.raises(TraceError, match="no function has a trigger of"):
        traces.azure_2019(invocations, seed=1, triggers=("blob",))
    with pytest.raises(TraceError, match=r"minutes=\(3, 9\) must lie within 0 and 5"):
        traces.azure_2019(invocations, seed=1, minutes=(3, 9))


def test_azure_2019_sampled_and_too_large(tmp_path: Path) -> None:
    lines = "".join(f"o,a,f{i},http,{i % 3},1\n" for i in range(100))
    path = write(tmp_path / "i.csv", f"{OWNER},Trigger,1,2\n{lines}")
    some = traces.azure_2019(path, seed=1, functions=10)
    assert len(some.functions) == 10
    assert some == traces.azure_2019(path, seed=1, functions=10)
    assert some.functions != traces.azure_2019(path, seed=2, functions=10).functions
    huge = write(tmp_path / "h.csv", f"{OWNER},Trigger,1\no,a,f,http,900000000\n")
    with pytest.raises(TraceError, match=r"900,000,000 invocations, .* about 72 GB of memory"):
        traces.azure_2019(huge, seed=1)


def test_azure_2019_without_a_header(tmp_path: Path) -> None:
    path = tmp_path / "h.csv.gz"
    with gzip.open(path, "wt") as out:
        out.write("o,a,f,http,1,2\no,a,g,http,0,0\n")
    assert len(traces.azure_2019(path, seed=1)) == 3
    with pytest.raises(TraceError, match=r"line 1 begins with .* neither the header"):
        traces.azure_2019(write(tmp_path / "x.csv", "a,b,c,d,e\n1,2,3,4,5\n"), seed=1)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("o,a,g,http,1,-2", "i.csv line 3: minute 2 is missing or negative"),
        ("o,a,g,http,1,", "i.csv line 3: minute 2 is missing or negative"),
        ("o,a,g,http,1,two", "i.csv line 3: 2 must be a number, not 'two'"),
        ("o,a,f,http,1,1", "lists function o/a/f twice"),
    ],
)
def test_azure_2019_names_the_bad_line(tmp_path: Path, row: str, message: str) -> None:
    path = write(tmp_path / "i.csv", f"{OWNER},Trigger,1,2\no,a,f,http,1,2\n{row}\n")
    with pytest.raises(TraceError, match=message):
        traces.azure_2019(path, seed=1)


@real_data
def test_azure_2019_real() -> None:
    folder = SHARED / "azure-2019"
    trace = traces.azure_2019(
        *(folder / f"invitro_example_{n}.csv" for n in ("invocations", "durations", "memory")),
        seed=3,
    )
    assert len(trace.functions) == 4
    timed = trace["ae8a1640fa932024f59b38a0b001808b5c64612bd60c6f3eb80ba9461ba2d091"]
    assert timed.numbers("duration").min() >= 0.124
    assert timed.numbers("duration").max() <= 0.126
    day = traces.azure_2019(folder / "http_functions_200.csv.gz", seed=1, duration=0.1)
    assert (len(day), len(day.functions)) == (126_891, 200)


# -- AWS 2020 -------------------------------------------------------------------------------------

AWS_HEADER = (
    ",is_cold,cpu_info,inst_id,new_id,exist_id,start_time,end_time,aws_duration,"
    "aws_billed_duration,aws_max_mem,io_speed,client_start_time,client_end_time\n"
)


def test_aws_lambda_2020(tmp_path: Path) -> None:
    path = write(
        tmp_path / "res.csv",
        AWS_HEADER
        + '0,True,"2,Xeon(R) @ 2.5GHz",s,n1,,1587650005549.25,1587650007396.5,1848.19,1900.0,53.0,'
        " 11.0 MB/s,1587650005.25,1587650007.5\n"
        + '1,False,"2,Xeon(R) @ 2.5GHz",s,n2,n1,1587650011319.75,1587650013196.5,1877.81,1900.0,54,'
        " 9.8 MB/s,1587650011.25,1587650013.25\n",
    )
    frame = traces.aws_lambda_2020(path, memory=128).to_pandas()
    assert frame["start"].tolist() == ["cold", "warm"]
    assert frame["environment"].tolist() == ["n1", "n1"]
    assert frame["arrival"].tolist() == pytest.approx([0.54925, 6.31975], abs=1e-9)
    assert frame["finish"].tolist() == pytest.approx([2.3965, 8.1965], abs=1e-9)
    assert frame["duration"].tolist() == pytest.approx([1.84819, 1.87781])
    assert frame["billed"].tolist() == pytest.approx([1.9, 1.9])
    client = traces.aws_lambda_2020(path, clock="client").to_pandas()
    assert client["arrival"].tolist() == [0.25, 6.25]
    assert client["finish"].tolist() == [2.5, 8.25]


@real_data
def test_aws_lambda_2020_real() -> None:
    runs = sorted((SHARED / "aws-lambda-2020").glob("res-01-*.csv.gz"))
    cold = []
    for run in runs:
        frame = traces.aws_lambda_2020(run).to_pandas()
        assert (frame["finish"] > frame["arrival"]).all()
        # One request per environment at a time, as on Lambda.
        ordered = frame.sort_values(["environment", "arrival"])
        following = ordered.groupby("environment", observed=True)["arrival"].shift(-1)
        assert not (ordered["finish"] > following).any()
        cold.append(int((frame["start"] == "cold").sum()))
    assert cold == [56, 37, 59, 29, 59]


# -- Huawei ---------------------------------------------------------------------------------------

HUAWEI_HEADER = (
    "time_worker,time_frontend,requestID,clusterName,funcName,podID,userID,totalCost_worker,"
    "workerCost,runtimeCost,totalCost_frontend,frontendCost,busCost,readBodyCost,writeRspCost,"
    "cpu_usage,memory_usage,requestBodySize\n"
)


def test_huawei_2025(tmp_path: Path) -> None:
    path = write(
        tmp_path / "r.csv",
        HUAWEI_HEADER
        + "100.994,100.995,763ff,1,296,pool22-300-128-0000618412,224,0.023749,0.000112,"
        "0.023637,0.026421,0.000364,0.001994,0.000016,0.000006,0.29,32.6,1018\n",
    )
    trace = traces.huawei_2025([path, path])
    row = trace.to_pandas().iloc[0]
    assert len(trace) == 2
    assert row["function"] == "296---224---pool22-300-128"
    assert row["arrival"] == pytest.approx(100.995 - 0.026421)
    assert row["finish"] == pytest.approx(100.994)
    assert (row["memory"], row["max_memory"]) == (128, 33)
    assert row["duration"] == 0.023637
    bad = write(tmp_path / "bad.csv", path.read_text().replace("pool22-300-128-0", "pod-"))
    with pytest.raises(TraceError, match=r"bad\.csv line 2: podID .* names no pool"):
        traces.huawei_2025([path, bad])
    negative = write(tmp_path / "neg.csv", path.read_text().replace("0.023637", "-1"))
    with pytest.raises(TraceError, match=r"neg\.csv line 2: duration is -1\.0"):
        traces.huawei_2025([path, negative])


def test_huawei_2023(tmp_path: Path) -> None:
    requests = write(
        tmp_path / "requests.csv", "day,time,7,8\n0,60,3.0,\n0,120,,1.0\n0,240,2.0,0.0\n"
    )
    delays = write(tmp_path / "delay.csv", "day,time,7,8\n0,60,50,\n0,120,,200\n0,240,70,\n")
    trace = traces.huawei_2023(requests, delays, seed=1, delay_unit="ms", memory=256)
    assert (trace["7"].numbers("arrival") // 60).tolist() == [0, 0, 0, 3, 3]
    assert trace["7"].numbers("duration").tolist() == pytest.approx([0.05] * 3 + [0.07] * 2)
    assert trace["8"].numbers("duration").tolist() == pytest.approx([0.2])
    only = traces.huawei_2023(requests, seed=1, functions=[7], duration=1.5)
    assert only.functions == ["7"]
    assert set(only.numbers("duration")) == {1.5}
    other = write(tmp_path / "other.csv", "day,time,7,8\n1,60,50,1\n")
    with pytest.raises(TraceError, match=r"other\.csv is of other times than the requests"):
        traces.huawei_2023(requests, other, seed=1)
    with pytest.raises(TraceError, match="has no column '9'"):
        traces.huawei_2023(requests, seed=1, functions=[9])


def test_files_of_no_rows_are_empty_traces(tmp_path: Path) -> None:
    def head(names: str) -> Path:
        return write(tmp_path / f"{len(names)}.csv", names)

    assert len(traces.azure_2021(head("app,func,end_timestamp,duration\n"))) == 0
    assert len(traces.aws_lambda_2020(head(AWS_HEADER))) == 0
    assert len(traces.huawei_2025(head(HUAWEI_HEADER))) == 0
    assert len(traces.azure_2019(head(f"{OWNER},Trigger,1,2\n"), seed=1)) == 0
    invitro = "instance,invocationID,startTime,responseTime,actualDuration,connectionTimeout,"
    assert len(traces.invitro(head(invitro + "functionTimeout\n"))) == 0
    with pytest.raises(TraceError, match="has no rows"):
        traces.huawei_2023(head("day,time,1\n"), seed=1)


# -- in-vitro -------------------------------------------------------------------------------------


def test_invitro(tmp_path: Path) -> None:
    pod = "trace-func-3-8463432895724359453-00001-deployment-6d8f9c7b4-x2x9z"
    path = write(
        tmp_path / "experiment_duration_30.csv",
        "phase,instance,invocationID,startTime,requestedDuration,grpcConnEstablish,responseTime,"
        "actualDuration,connectionTimeout,functionTimeout,actualMemoryUsage,memoryAllocationTimeout\n"
        f"2,{pod},min0.inv1,1700000001250000,100000,900,120500,100123,false,false,120,false\n"
        f"2,{pod},min0.inv0,1700000000500000,100000,900,60000000,0,false,true,0,false\n",
    )
    frame = traces.invitro(path, memory=170).to_pandas()
    assert frame["function"].tolist() == ["trace-func-3-8463432895724359453"] * 2
    assert frame["arrival"].tolist() == [0.5, 1.25]
    assert frame["finish"].tolist() == pytest.approx([60.5, 1.3705])
    assert frame["status"].tolist() == ["timeout", "success"]
    assert np.isnan(frame["duration"][0])
    assert frame["duration"][1] == pytest.approx(0.100123)
    assert frame["memory"].tolist() == [170, 170]
    with pytest.raises(TraceError, match="no column functionName or instance"):
        traces.invitro(write(tmp_path / "x.csv", "startTime\n1\n"))
