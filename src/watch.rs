//! A watched isolate from its own thread: the hooks, the interrupts, and who asked for them.
//!
//! State is per isolate, whoever loads the addon how often: a second module instance (Jest's `resetModules`, a cleared
//! require cache) finds the watch that is there and becomes one more reader of it. The last reader that goes, or the
//! end of the environment, takes the hooks away.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Once};

use crate::aggregator::assist::AssistOptions;
use crate::aggregator::growth::GrowthOptions;
use crate::aggregator::isolate::{Capacity, Identity, IsolateState};
use crate::aggregator::{Registry, Remote, Watched};
use crate::capture::automatic::Automatic;
use crate::clock::Clock;
use crate::listener;
use crate::os::exit::on_process_exit;
use crate::probe::{Probe, Reader, Spaces};
use crate::tally::Tally;
use crate::v8::gc_hook::GcHooks;
use crate::v8::heap::HeapStatistics;
use crate::v8::interrupt::{InterruptRequester, Interrupts};
use crate::v8::symbols::MissingSymbol;
use crate::v8::{Isolate, layout};

/// What JavaScript says when a watcher starts.
#[derive(Clone, Copy, Debug)]
pub struct WatchOptions {
    /// Node's id of the thread.
    pub thread_id: u32,
    /// The main thread's isolate gets the larger ledger.
    pub is_main_thread: bool,
    /// Unix time, in milliseconds, on the performance timeline, at `called_ns` on the process's clock.
    pub unix_ms: f64,
    /// When JavaScript called.
    pub called_ns: u64,
    /// V8's limit of the old generation alone.
    pub old_generation_limit_bytes: u64,
    /// 0: at GCs only.
    pub sample_interval_ns: u64,
    /// Read the heap's sizes at both ends of each GC.
    pub gc_statistics: bool,
}

/// Why a watch could not begin.
#[derive(Debug)]
pub enum WatchError {
    /// `layout::check` has not passed in this process.
    Unchecked,
    /// A method is not exported.
    Symbol(MissingSymbol),
    /// No isolate is entered on this thread.
    NoIsolate,
    /// The system refused a thread.
    Thread(std::io::Error),
}

impl fmt::Display for WatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unchecked => f.write_str("selfCheck() has not passed in this process"),
            Self::Symbol(missing) => missing.fmt(f),
            Self::NoIsolate => f.write_str("no V8 isolate is entered on this thread"),
            Self::Thread(error) => write!(f, "the system refused a thread for the aggregator: {error}"),
        }
    }
}

impl From<MissingSymbol> for WatchError {
    fn from(missing: MissingSymbol) -> Self {
        Self::Symbol(missing)
    }
}

/// One isolate's watch. Torn down in this order: the aggregator forgets the isolate (`Watch::end`), then, in the order of
/// the fields, V8 forgets the hooks, and the interrupts' slot is closed: a request that is being made is waited for.
struct Watch {
    /// `None` only where a test asks for hooks that are never called.
    _hooks: Option<GcHooks<Probe>>,
    _interrupts: [Interrupts; 2],
    automatic: Arc<Automatic>,
    isolate: Isolate,
    reader: Reader,
    watched: Arc<Watched>,
    statistics: Arc<AtomicBool>,
    is_asked_for: Rc<Cell<bool>>,
    tally: Rc<Tally>,
    reader_ids: Vec<u32>,
}

thread_local! {
    /// The watches of this thread's isolates: one, but for exotic embedders. Never dropped by the thread's end, when the isolate is
    /// gone and its hooks with it: the environment's cleanup hook has emptied it before, or the process exits.
    static WATCHES: RefCell<ManuallyDrop<Vec<Watch>>> = const { RefCell::new(ManuallyDrop::new(Vec::new())) };
}

thread_local! {
    /// The isolates whose environment will call [`end`]: once is enough, however often a watch starts and stops.
    static ENDED_BY_ENVIRONMENT: RefCell<Vec<Isolate>> = const { RefCell::new(Vec::new()) };
}

/// What the aggregator's thread can ask of a watched isolate.
struct WatchRemote {
    samples: InterruptRequester,
    snapshots: InterruptRequester,
    automatic: Arc<Automatic>,
}

impl Remote for WatchRemote {
    fn request_sample(&self) {
        self.samples.request();
    }

    fn request_collection(&self) {
        self.samples.request_collection();
    }

    fn request_snapshot(&self, heap_used_bytes: u64) {
        self.automatic.ask(heap_used_bytes);
    }

    fn drive_snapshot(&self) {
        if self.automatic.is_wanted() {
            self.snapshots.request();
        }
    }
}

static NEXT_READER: AtomicU32 = AtomicU32::new(1);

/// Begins to watch this thread's isolate, or joins the watch that is there, and answers the new reader's id.
/// `call_at_end` is called where the environment has not been asked yet to call [`end`] before the isolate ends.
///
/// # Errors
/// See [`WatchError`]; nothing is registered then.
pub fn begin(options: WatchOptions, call_at_end: impl FnOnce()) -> Result<u32, WatchError> {
    static AT_EXIT: Once = Once::new();
    let extent = layout::extent().ok_or(WatchError::Unchecked)?;
    let isolate = Isolate::current()?.ok_or(WatchError::NoIsolate)?;
    let id = NEXT_READER.fetch_add(1, Ordering::Relaxed);
    WATCHES.with_borrow_mut(|watches| {
        if let Some(watch) = watches.iter_mut().find(|watch| watch.isolate == isolate) {
            watch.watched.with_state(|state| state.add_reader(id));
            watch.reader_ids.push(id);
            return Ok(id);
        }
        watches.push(Watch::new(isolate, Reader::new(extent, &Spaces::of(isolate)), options, id)?);
        AT_EXIT.call_once(|| {
            on_process_exit(|| {
                listener::close_all();
                Registry::process().quiesce();
            });
        });
        ENDED_BY_ENVIRONMENT.with_borrow_mut(|isolates| {
            if !isolates.contains(&isolate) {
                isolates.push(isolate);
                call_at_end();
            }
        });
        Ok(id)
    })
}

impl Watch {
    fn new(isolate: Isolate, reader: Reader, options: WatchOptions, id: u32) -> Result<Self, WatchError> {
        let capacity = if options.is_main_thread { Capacity::MAIN } else { Capacity::WORKER };
        let statistics = Arc::new(AtomicBool::new(options.gc_statistics));
        let is_asked_for = Rc::new(Cell::new(false));
        let first = reader.sample(isolate);
        let tally = Rc::new(Tally::new(first.used_bytes));
        let (probe, samples, events) = Probe::new(
            reader.clone(),
            capacity.events,
            Arc::clone(&statistics),
            Rc::clone(&is_asked_for),
            Rc::clone(&tally),
        );
        #[expect(clippy::cast_precision_loss, reason = "exact to 1 ns over 104 days")]
        let identity = Identity {
            thread_id: options.thread_id,
            space_names: Spaces::of(isolate).names,
            old_generation_limit_bytes: options.old_generation_limit_bytes,
            unix_ms_at_zero: options.unix_ms - options.called_ns as f64 / 1e6,
        };
        let interrupted = reader.clone();
        let interrupts = Interrupts::register(isolate, move |isolate| {
            // Full means that the aggregator has not come by since the last ones: they will do.
            let _ = samples.try_send(interrupted.sample(isolate));
        });
        let automatic = Arc::new(Automatic::default());
        let visited = Arc::clone(&automatic);
        let visits = Interrupts::register(isolate, move |isolate| visited.come_by(isolate));
        let remote = WatchRemote {
            samples: interrupts.requester(),
            snapshots: visits.requester(),
            automatic: Arc::clone(&automatic),
        };
        let mut state = IsolateState::new(identity, capacity, first);
        state.add_reader(id);
        let watched = Arc::new(Watched::new(events, state, Box::new(remote), options.sample_interval_ns));
        Registry::process().add(Arc::clone(&watched)).map_err(WatchError::Thread)?;
        let hooks = (!layout::is_forced_to_fail("callback")).then(|| GcHooks::register(isolate, probe));
        Ok(Self {
            _hooks: hooks,
            _interrupts: [interrupts, visits],
            automatic,
            isolate,
            reader,
            watched,
            statistics,
            is_asked_for,
            tally,
            reader_ids: vec![id],
        })
    }
}

/// Runs `use_it` on the watch of a reader, its heap read just now; `None` for a reader that has gone.
pub fn with_watched<R>(id: u32, use_it: impl FnOnce(&Arc<Watched>) -> R) -> Option<R> {
    let watched = WATCHES.with_borrow(|watches| {
        let watch = watches.iter().find(|watch| watch.reader_ids.contains(&id))?;
        let sample = watch.reader.sample(watch.isolate);
        watch.watched.with_state(|state| state.record_sample(&sample));
        Some(Arc::clone(&watch.watched))
    })?;
    Some(use_it(&watched))
}

/// Runs `use_it` on the running sums of a reader's isolate and its heap as it is now, without a lock; `None` for a reader that has gone.
pub fn with_tally<R>(id: u32, use_it: impl FnOnce(&Tally, &HeapStatistics) -> R) -> Option<R> {
    WATCHES.with_borrow(|watches| {
        let watch = watches.iter().find(|watch| watch.reader_ids.contains(&id))?;
        Some(use_it(&watch.tally, &watch.isolate.heap_statistics(watch.reader.extent())))
    })
}

/// Changes what a running watch does.
pub fn configure(
    id: u32,
    sample_interval_ns: Option<u64>,
    gc_statistics: Option<bool>,
    leak: Option<(GrowthOptions, Option<AssistOptions>)>,
) {
    WATCHES.with_borrow(|watches| {
        let Some(watch) = watches.iter().find(|watch| watch.reader_ids.contains(&id)) else { return };
        if let Some(interval_ns) = sample_interval_ns {
            watch.watched.set_sample_interval_ns(interval_ns);
        }
        if let Some(is_on) = gc_statistics {
            watch.statistics.store(is_on, Ordering::Relaxed);
        }
        if let Some((growth, assist)) = leak {
            watch
                .watched
                .with_state(|state| state.set_growth_options(growth, assist, Clock::process().now_ns()));
        }
    });
}

/// The automatic snapshots of a reader's isolate; `None` for a reader that has gone.
#[must_use]
pub fn automatic(id: u32) -> Option<Arc<Automatic>> {
    WATCHES.with_borrow(|watches| {
        watches.iter().find(|watch| watch.reader_ids.contains(&id)).map(|watch| Arc::clone(&watch.automatic))
    })
}

/// The reader asks no more; the last one ends the watch. Unknown readers have gone already.
pub fn leave(id: u32) {
    let ended = WATCHES.with_borrow_mut(|watches| {
        let index = watches.iter().position(|watch| watch.reader_ids.contains(&id))?;
        let watch = watches.get_mut(index)?;
        watch.reader_ids.retain(|reader| *reader != id);
        watch.tally.forget(id);
        listener::leave(id);
        watch.watched.with_state(|state| state.remove_reader(id));
        watch.reader_ids.is_empty().then(|| watches.swap_remove(index))
    });
    ended.into_iter().for_each(Watch::end);
}

/// The environment ends: every watch of this thread's current isolate does.
pub fn end() {
    let Ok(Some(isolate)) = Isolate::current() else { return };
    ENDED_BY_ENVIRONMENT.with_borrow_mut(|isolates| isolates.retain(|other| *other != isolate));
    let ended: Vec<Watch> = WATCHES.with_borrow_mut(|watches| {
        let (ended, kept) =
            std::mem::take(&mut **watches).into_iter().partition(|watch| watch.isolate == isolate);
        **watches = kept;
        ended
    });
    ended.into_iter().for_each(Watch::end);
}

impl Watch {
    fn end(self) {
        self.reader_ids.iter().copied().for_each(listener::leave);
        Registry::process().remove(&self.watched);
    }
}

/// A full collection now: how long it took, and what it freed.
///
/// # Errors
/// See [`WatchError`].
pub fn collect_garbage() -> Result<(u64, u64), WatchError> {
    let extent = layout::extent().ok_or(WatchError::Unchecked)?;
    let isolate = Isolate::current()?.ok_or(WatchError::NoIsolate)?;
    let mark = WATCHES.with_borrow(|watches| {
        watches.iter().find(|watch| watch.isolate == isolate).map(|watch| Rc::clone(&watch.is_asked_for))
    });
    let before = isolate.heap_statistics(extent).used_bytes;
    let clock = Clock::process();
    let set_mark = |asked_for: bool| mark.iter().for_each(|mark| mark.set(asked_for));
    set_mark(true);
    let start_ns = clock.now_ns();
    isolate.collect_garbage();
    let pause_ns = clock.now_ns() - start_ns;
    set_mark(false);
    let after = isolate.heap_statistics(extent).used_bytes;
    Ok((pause_ns, before.saturating_sub(after)))
}
