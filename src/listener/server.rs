//! One thread that accepts, reads and writes, and waits for nobody.
//!
//! Whoever connects and then stalls, reads slowly or vanishes holds one of a bounded number of places until a deadline, or until somebody else
//! needs it: the oldest makes room. Each connection has one request, so none is idle for long.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::thread::{self, Builder};
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinHandle;

use super::address::{Address, BindError, Bound};
use super::answer::Answers;

/// Connections at once. Each holds at most [`HEAD_BYTES`] and one response: tens of kilobytes.
const PLACES: usize = 64;
/// After this time the oldest connection has to make room where all places are taken; a scrape takes a millisecond.
const GRACE: Duration = Duration::from_millis(100);
/// How long a request's head may take.
const HEAD: Duration = Duration::from_secs(5);
/// How long a connection may take in all, whoever reads how slowly.
const IN_ALL: Duration = Duration::from_secs(10);
/// The longest head; the least that hyper allows.
const HEAD_BYTES: usize = 8192;
/// After a connection that could not be accepted, most likely for lack of descriptors: trying on at once would be a busy loop.
const RESPITE: Duration = Duration::from_millis(100);
/// How long a stop waits for the thread.
const PATIENCE: Duration = Duration::from_millis(500);
/// It writes texts; the default of 2 MB would be mapped for nothing.
const STACK_BYTES: usize = 512 * 1024;
/// Its name in `ps -T` and debuggers; at most 15 bytes on Linux.
const NAME: &str = "heapwatch-http";

/// Listens while it lives.
pub struct Server {
    address: Address,
    /// Dropped, it ends the thread.
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Server {
    /// Listens from now on.
    ///
    /// # Errors
    /// See [`BindError`].
    pub fn start(address: &Address, answers: Answers) -> Result<Self, BindError> {
        let (bound, address) = Bound::to(address)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        {
            let _context = runtime.enter();
            accept(bound, answers)?;
        }
        let (stop, stopped) = oneshot::channel::<Infallible>();
        let thread = Builder::new().name(NAME.into()).stack_size(STACK_BYTES).spawn(move || {
            // Nothing is ever sent: the end comes when the other half is dropped, and with the runtime every socket is closed.
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens; the port is the actual one.
    pub fn address(&self) -> &Address {
        &self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        let Some(thread) = self.thread.take() else { return };
        let deadline = Instant::now() + PATIENCE;
        while !thread.is_finished() && Instant::now() < deadline {
            thread::sleep(Duration::from_micros(200));
        }
        if thread.is_finished() {
            // It panics only by a defect of ours, which the panic's message has told; the stop goes on.
            let _ = thread.join();
        }
    }
}

/// Begins to accept, as a task of the runtime that is entered.
fn accept(bound: Bound, answers: Answers) -> io::Result<()> {
    match bound {
        Bound::Tcp(listener) => {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            tokio::spawn(async move {
                let mut places = Places::default();
                loop {
                    places.take(listener.accept().await.map(|(stream, _)| stream), &answers).await;
                }
            });
        }
        #[cfg(unix)]
        Bound::Unix(listener, file) => {
            let listener = tokio::net::UnixListener::from_std(listener)?;
            tokio::spawn(async move {
                let _file = file; // removed when the task is dropped
                let mut places = Places::default();
                loop {
                    places.take(listener.accept().await.map(|(stream, _)| stream), &answers).await;
                }
            });
        }
    }
    Ok(())
}

/// The connections, oldest first.
struct Places {
    free: Arc<Semaphore>,
    taken: VecDeque<(Instant, JoinHandle<()>)>,
}

impl Default for Places {
    fn default() -> Self {
        Self { free: Arc::new(Semaphore::new(PLACES)), taken: VecDeque::new() }
    }
}

impl Places {
    /// Serves one more; while all places are taken by what may well be on its way, it waits, and whoever comes next waits with the system.
    async fn take<S>(&mut self, stream: io::Result<S>, answers: &Answers)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Ok(stream) = stream else { return tokio::time::sleep(RESPITE).await };
        self.taken.retain(|(_, connection)| !connection.is_finished());
        let Some(place) = self.place().await else { return };
        let answers = answers.clone();
        let connection = tokio::spawn(async move {
            serve(stream, answers).await;
            drop(place);
        });
        self.taken.push_back((Instant::now(), connection));
    }

    /// A free place; the oldest connection has to leave its own once it had its time.
    async fn place(&mut self) -> Option<OwnedSemaphorePermit> {
        if let Some((since, oldest)) = self.taken.front() {
            let in_time = (*since + GRACE).saturating_duration_since(Instant::now());
            let free = Arc::clone(&self.free).acquire_owned();
            if let Ok(place) = tokio::time::timeout(in_time, free).await {
                return place.ok();
            }
            oldest.abort();
            self.taken.pop_front();
        }
        Arc::clone(&self.free).acquire_owned().await.ok()
    }
}

async fn serve<S>(stream: S, answers: Answers)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let response = answers.answer(&request);
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(HEAD_BYTES)
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    // Neither an error nor the deadline is of interest: whoever asked has gone, or spoke no HTTP.
    let _ = tokio::time::timeout(IN_ALL, connection).await;
}
