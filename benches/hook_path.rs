//! The hook's path without V8: stamp, build, push. And the reader's: a report from a used state.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use crossbeam_channel::bounded;
use heapwatch::aggregator::isolate::{Capacity, Identity, IsolateState};
use heapwatch::clock::Clock;
use heapwatch::event::{GcEvent, GcKind, HeapReading, HeapSample};
use heapwatch::export::json;
use heapwatch::os::memory::{MemorySource, ProcessMemory};

fn event(number: u64) -> GcEvent {
    GcEvent {
        start_ns: number * 1_000_000,
        // From 0.3 ms to 40 ms, unevenly: some hundred buckets, as in a real service.
        pause_ns: 300_000 + (number * 7919) % 997 * (number % 41) * 1_000,
        before: HeapReading { used_bytes: 60 << 20, young_used_bytes: 16 << 20 },
        after: HeapReading { used_bytes: 45 << 20, young_used_bytes: 1 << 20 },
        total_bytes: 80 << 20,
        external_bytes: 2 << 20,
        large_spaces_bytes: 0,
        kind: if number.is_multiple_of(20) { GcKind::Major } else { GcKind::Minor },
        forced: false,
        nested: false,
        has_heap: true,
    }
}

fn state() -> IsolateState {
    let identity = Identity {
        thread_id: 0,
        space_names: vec!["new_space".into(), "old_space".into()],
        old_generation_limit_bytes: 4 << 30,
        unix_ms_at_zero: 0.0,
    };
    IsolateState::new(identity, Capacity::MAIN, HeapSample { limit_bytes: 4 << 30, ..HeapSample::default() })
}

fn hook(c: &mut Criterion) {
    let clock = Clock::process();
    let (sender, receiver) = bounded(Capacity::MAIN.events);
    let mut group = c.benchmark_group("hook");
    group.bench_function("push one event to the channel", |b| {
        b.iter_batched(
            || while receiver.try_recv().is_ok() {},
            |()| {
                for number in 0..1000 {
                    let _ = black_box(sender.try_send(event(number)));
                }
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("clock", |b| b.iter(|| black_box(clock.now_ns())));
    group.finish();
}

fn aggregator(c: &mut Criterion) {
    let mut group = c.benchmark_group("aggregator");
    let mut used = state();
    (0..100_000).for_each(|number| used.record_gc(&event(number)));
    group.bench_function("fold one event", |b| {
        let mut state = state();
        let mut number = 0;
        b.iter(|| {
            number += 1;
            state.record_gc(black_box(&event(number)));
        });
    });
    let memory = ProcessMemory::default();
    group.bench_function("report", |b| b.iter(|| black_box(used.report(None, 200_000_000_000, &memory))));
    let report = used.report(None, 200_000_000_000, &memory);
    group.bench_function("report to JSON", |b| b.iter(|| black_box(json::report(&report))));
    let source = MemorySource::find();
    group.bench_function("RSS and container", |b| b.iter(|| black_box(source.read())));
    group.finish();
}

criterion_group!(benches, hook, aggregator);
criterion_main!(benches);
