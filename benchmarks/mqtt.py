"""Claims: our MQTT broker carries three times the messages of amqtt's; devices reach functions.

One run measures ours, amqtt (Python, from the package index) and mosquitto (C; left out if it is
not installed), each alone in a process of its own, with the same clients: one that publishes, one
that subscribes. Messages a second with QoS 0 and 1, all delivered; and the median of milliseconds
from before PUBLISH is sent until it is received, one message at a time. Rounds alternate, so that a
slow phase of the machine hits all.

Then the whole engine, durable and with its signature checks: milliseconds from PUBLISH (QoS 1, one
at a time) through a topic rule to the handler's first line (aim: 3), and the messages a second of a
burst (aim: 1,000). `benchmarks/events.py --only iot` compares that, published over HTTP, with
ministack.

    python benchmarks/mqtt.py [--rounds 3] [--seconds 2] [--messages 1000] [--burst 3000]
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import defaultdict

from support import mqtt_brokers, mqtt_load, mqtt_rules, peers

AIM = 3.0
AIM_MS, AIM_RATE = 3.0, 1000.0
Figures = dict[tuple[str, int], dict[str, list[float]]]


def main() -> None:
    """Measure all brokers and print the table with ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0, help="of load a round")
    parser.add_argument("--messages", type=int, default=1000, help="one at a time, a round")
    parser.add_argument("--burst", type=int, default=3000, help="messages through a rule")
    options = parser.parse_args()
    brokers = {"lambda_nb": mqtt_brokers.ours, "amqtt": mqtt_brokers.amqtt}
    if mqtt_brokers.mosquitto_program() is None:
        print("There is no mosquitto here: it is left out.")
    else:
        brokers["mosquitto"] = mqtt_brokers.mosquitto
    figures: Figures = defaultdict(lambda: defaultdict(list))
    for round_ in range(options.rounds):
        for name, opened in brokers.items():
            with opened() as port:
                for qos in (0, 1):
                    doing = f"round {round_ + 1} of {options.rounds}: {name}, QoS {qos} ..."
                    print(f"{doing:60}", end="\r", file=sys.stderr, flush=True)
                    rows = figures[name, qos]
                    rows["rate"].append(mqtt_load.throughput(port, qos, options.seconds))
                    rows["ms"] += [
                        1e3 * one for one in mqtt_load.latencies(port, qos, options.messages)
                    ]
    report(figures)
    through_a_rule(mqtt_rules.measure(max(1, options.messages // 5), options.burst))


def through_a_rule(figures: dict[str, list[float]]) -> None:
    """Print what a message takes to a function."""
    took, rate = statistics.median(figures["seconds"]) * 1e3, statistics.median(figures["rate"])
    print(f"\nThrough a rule to a function: {took:.2f} ms (median), {rate:.0f} messages a second")
    print(f"{AIM_MS / took:.2f}x as fast as the aim, {rate / AIM_RATE:.2f}x its messages a second")


def report(figures: Figures) -> None:
    """Print the figures, then what the claim is about."""
    medians = {
        key: {what: statistics.median(values) for what, values in rows.items()}
        for key, rows in figures.items()
    }
    print(f"{peers.machine():60}\n")
    print(f"{'broker alone':14} {'QoS':>4} {'messages/s':>11} {'median ms':>10}")
    for (name, qos), row in medians.items():
        print(f"{name:14} {qos:4} {row['rate']:11.0f} {row['ms']:10.3f}")
    print()
    for qos in (0, 1):
        ours = medians["lambda_nb", qos]
        told = []
        for name in ("amqtt", "mosquitto"):
            if (peer := medians.get((name, qos))) is not None:
                aim = f" (aim: {AIM:g})" if name == "amqtt" else ""
                told.append(f"{ours['rate'] / peer['rate']:.2f}x {name}'s messages a second{aim}")
        print(f"QoS {qos}: {', '.join(told)}")


if __name__ == "__main__":
    main()
