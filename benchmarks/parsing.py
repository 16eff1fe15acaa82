"""How long parsing takes, and the memory of parsed rules: each round in a new process, as each start of an app parses."""

import gc
import multiprocessing
import tracemalloc
from concurrent.futures import ProcessPoolExecutor
from time import process_time

from measure import Figure, Target, best, figure
from peers import PEERS
from samples import cron_expressions, declarations

from scheduler.rules import cron, declared_rule

ROUNDS = 5
PARSED, KEPT = 1000, 10_000
PARSING, MEMORY = "parsing one rule", "memory of 10,000 different rules"
CRON, MIXED = "ours: cron(expression)", "ours: declared_rule(attributes)"


def measured():
    timed = [
        figure(PARSING, who, [_in_new_process(seconds_to_parse, who) for _ in range(ROUNDS)], note="cold")
        for who in PARSERS
    ]
    kept = []
    for who in PARSERS:
        megabytes = _in_new_process(megabytes_kept, who)
        kept.append(Figure(MEMORY, who, megabytes, megabytes, "MB", "tracemalloc"))
    return timed + kept


def targets(figures):
    ours = {who: best(figures, who, MEMORY) for who in (CRON, MIXED)}
    return [Target(f"10,000 rules, {who.removeprefix('ours: ')}", kept, 10.0, "MB") for who, kept in ours.items()]


def seconds_to_parse(who):
    """Return the seconds that one of 1,000 different rules takes to parse; one is parsed before."""
    parse, samples = PARSERS[who]
    inputs = samples(PARSED)
    parse(inputs[0])
    gc.disable()
    start = process_time()
    for given in inputs:
        parse(given)
    return (process_time() - start) / len(inputs)


def megabytes_kept(who):
    """Return the memory of 10,000 parsed rules, without that of their expressions."""
    parse, samples = PARSERS[who]
    inputs = samples(KEPT)
    parse(inputs[0])
    gc.collect()
    tracemalloc.start()
    rules = [parse(given) for given in inputs]
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    del rules
    return kept / 1e6


def _by(peer):
    return lambda given: peer.parse(*given)


PARSERS = {
    CRON: (lambda given: cron(given[0]), cron_expressions),
    MIXED: (lambda given: declared_rule("Task", given), declarations),
} | {peer.name: (_by(peer), cron_expressions) for peer in PEERS}


def _in_new_process(function, who):
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, who).result()
