//! How fan-outs go wrong: the forms of the textbooks, and some of our own. Each exhibit shows the
//! fault, then the recipe under the same check.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fan_out::lock::FanOut;
use fan_out::{ItemError, joined};
use futures_util::{StreamExt as _, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::{JoinSet, yield_now};
use tokio::time::{Instant, interval, sleep_until, timeout};

const SECOND: Duration = Duration::from_secs(1);

/// On a paused clock an hour passes as soon as nothing else can happen.
async fn hangs(future: impl Future) -> bool {
    timeout(Duration::from_hours(1), future).await.is_err()
}

async fn seconds(n: u32) {
    #[expect(clippy::disallowed_methods, reason = "the clock jumps: nobody waits for this")]
    sleep_until(Instant::now() + SECOND * n).await;
}

/// How many of something there are, now and at most.
#[derive(Default)]
struct Alive {
    now: AtomicUsize,
    peak: AtomicUsize,
}

struct One(Arc<Alive>);

impl Alive {
    fn one(self: &Arc<Self>) -> One {
        self.peak.fetch_max(self.now.fetch_add(1, SeqCst) + 1, SeqCst);
        One(Arc::clone(self))
    }

    fn now(&self) -> usize {
        self.now.load(SeqCst)
    }

    fn peak(&self) -> usize {
        self.peak.load(SeqCst)
    }
}

impl Drop for One {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, SeqCst);
    }
}

/// A server that is some seconds away, or never answers.
#[derive(Clone, Copy)]
enum Server {
    Near,
    Dead,
    Refuses,
}

async fn ask(server: Server) -> Result<&'static str, &'static str> {
    match server {
        Server::Near => seconds(1).await,
        Server::Dead => std::future::pending().await,
        Server::Refuses => return Err("refused"),
    }
    Ok("fine")
}

// 001-02: no limit, no time-out, bodies that leak.

#[tokio::test(start_paused = true)]
async fn a_spawn_for_each_item_opens_a_connection_for_each() {
    let open = Arc::new(Alive::default());
    let mut tasks = JoinSet::new();
    for _ in 0..1000 {
        let open = Arc::clone(&open);
        tasks.spawn(async move {
            let _connection = open.one();
            ask(Server::Near).await
        });
    }
    tasks.join_all().await;
    assert_eq!(open.peak(), 1000);

    let open = Arc::new(Alive::default());
    let counted = Arc::clone(&open);
    let run = FanOut::new(8).run(0..1000, move |_| {
        let connection = counted.one();
        async move {
            let _connection = connection;
            ask(Server::Near).await
        }
    });
    assert_eq!(run.all_ok().await.expect("all are near").len(), 1000);
    assert_eq!(open.peak(), 8);
}

#[tokio::test(start_paused = true)]
async fn one_dead_server_holds_the_answers_of_all() {
    let servers = [Server::Near, Server::Dead, Server::Near];
    // ANCHOR: gather
    let (results, mut gathered) = mpsc::channel(servers.len());
    for server in servers {
        let results = results.clone();
        tokio::spawn(async move { results.send(ask(server).await).await });
    }
    drop(results); // the channel ends with the last task
    let gather = async {
        let mut all = Vec::new();
        while let Some(result) = gathered.recv().await {
            all.push(result);
        }
        all
    };
    // ANCHOR_END: gather
    assert!(hangs(gather).await);

    let run = FanOut::with_timeout(8, 5 * SECOND).run(servers, ask);
    let outcomes = run.all().await;
    assert!(matches!(outcomes[..], [Ok("fine"), Err(ItemError::TimedOut), Ok("fine")]));
}

/// An answer whose body has not been read, and so still has its connection.
struct Response(OwnedSemaphorePermit);

async fn connect(pool: Arc<Semaphore>) -> Result<Response, &'static str> {
    let connection = pool.acquire_owned().await.map_err(|_| "closed")?;
    yield_now().await;
    Ok(Response(connection))
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_gathered_unread_keep_their_connections() {
    let pool = Arc::new(Semaphore::new(4));
    let run = FanOut::new(8).run(0..10, {
        let pool = Arc::clone(&pool);
        move |_| connect(Arc::clone(&pool)) // what is gathered holds the connection
    });
    assert!(hangs(run.all()).await, "the fifth finds no connection");

    let run = FanOut::new(8).run(0..10, move |_| {
        let pool = Arc::clone(&pool);
        async move {
            let Response(connection) = connect(pool).await?;
            drop(connection); // reads the body, and gives the connection back
            Ok::<_, &'static str>("the body")
        }
    });
    assert!(!hangs(run.all()).await);
}

// Spawn first, acquire inside.

#[tokio::test]
async fn a_permit_taken_inside_the_task_bounds_the_work_but_not_the_tasks() {
    let (tasks, work) = (Arc::new(Alive::default()), Arc::new(Alive::default()));
    let permits = Arc::new(Semaphore::new(8));
    // ANCHOR: spawn_first
    let mut set = JoinSet::new();
    for _ in 0..1000 {
        let (task, work, permits) = (tasks.one(), Arc::clone(&work), Arc::clone(&permits));
        set.spawn(async move {
            let _task = task;
            let _permit = permits.acquire().await;
            let _work = work.one();
            yield_now().await;
        });
    }
    set.join_all().await;
    // ANCHOR_END: spawn_first
    assert_eq!((tasks.peak(), work.peak()), (1000, 8));

    let tasks = Arc::new(Alive::default());
    let counted = Arc::clone(&tasks);
    let run = FanOut::new(8).run(0..1000, move |_| {
        let task = counted.one();
        async move {
            let _task = task;
            yield_now().await;
            Ok::<_, ()>(())
        }
    });
    run.all_ok().await.expect("no error");
    assert_eq!(tasks.peak(), 8);
}

// A buffer that is polled only when somebody reads.

/// Work of some seconds, and how much longer it took.
async fn late(n: u32) -> Result<Duration, ()> {
    let begin = Instant::now();
    seconds(n).await;
    Ok(begin.elapsed().saturating_sub(SECOND * n))
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_of_buffer_unordered_starves_its_own_futures() {
    // ANCHOR: buffer
    let mut latest = Duration::ZERO;
    let mut buffered = std::pin::pin!(stream::iter(1..9).map(late).buffer_unordered(4));
    while let Some(late) = buffered.next().await {
        latest = latest.max(late.expect("no error"));
        seconds(10).await; // a slow reader
    }
    // ANCHOR_END: buffer
    assert!(latest >= 5 * SECOND, "{latest:?} late: nobody polled");

    let mut latest = Duration::ZERO;
    let mut run = FanOut::new(4).run(1..9, late);
    while let Some((_, late)) = run.next().await {
        latest = latest.max(late.expect("no error"));
        seconds(10).await;
    }
    assert_eq!(latest, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_of_joined_starves_it_too() {
    let mut latest = Duration::ZERO;
    let mut run = joined::FanOut::new(4).run(1..9, late);
    while let Some((_, late)) = run.next().await {
        latest = latest.max(late.expect("no error"));
        seconds(10).await;
    }
    assert!(latest >= 5 * SECOND, "{latest:?} late: nobody polled");

    let all = joined::FanOut::new(4).run(1..9, late).all_ok().await;
    assert_eq!(all.expect("no error"), [Duration::ZERO; 8], "so read it with `all`");
}

// 001-14: rounds that overlap, results that nobody reads.

#[tokio::test(start_paused = true)]
async fn a_round_that_begins_on_the_tick_piles_up_on_the_last() {
    let at_work = Arc::new(Alive::default());
    let mut ticks = interval(SECOND);
    for _ in 0..10 {
        ticks.tick().await;
        for _ in 0..5 {
            let check = at_work.one();
            tokio::spawn(async move {
                let _check = check;
                seconds(5).await; // longer than a tick
            });
        }
    }
    assert!(at_work.peak() >= 20, "only {} at once", at_work.peak());

    let at_work = Arc::new(Alive::default());
    let mut ticks = interval(SECOND);
    for _ in 0..10 {
        ticks.tick().await;
        let counted = Arc::clone(&at_work);
        let round = FanOut::new(5).run(0..5, move |_| {
            let check = counted.one();
            async move {
                let _check = check;
                seconds(5).await;
                Ok::<_, ()>(())
            }
        });
        round.all_ok().await.expect("no error"); // the round ends before the next begins
    }
    assert_eq!(at_work.peak(), 5);
}

#[tokio::test(start_paused = true)]
async fn results_that_nobody_reads_keep_every_task() {
    let tasks = Arc::new(Alive::default());
    let (results, unread) = mpsc::channel(1);
    for _ in 0..10 {
        let (task, results) = (tasks.one(), results.clone());
        tokio::spawn(async move {
            let _task = task;
            results.send(ask(Server::Near).await).await
        });
    }
    seconds(100).await;
    assert_eq!(tasks.now(), 9, "one result found room, the other tasks wait for ever");
    drop(unread);

    let tasks = Arc::new(Alive::default());
    let counted = Arc::clone(&tasks);
    let unread = FanOut::new(10).run(0..10, move |_| {
        let task = counted.one();
        async move {
            let _task = task;
            ask(Server::Near).await
        }
    });
    seconds(100).await;
    assert_eq!(tasks.now(), 0, "the outcomes are there, the items are gone");
    drop(unread);
}

// 001-17: errors dropped, one slow server holds the report of all.

#[tokio::test(start_paused = true)]
async fn a_warm_up_that_drops_its_errors_reports_success() {
    let servers = [Server::Near, Server::Refuses, Server::Near];
    let mut tasks = JoinSet::new();
    for server in servers {
        tasks.spawn(async move {
            let _ = ask(server).await; // the textbook does not look
        });
    }
    let warm = tasks.join_all().await.len();
    assert_eq!(warm, 3, "one of these took nothing");

    let outcomes = FanOut::new(3).run(servers, ask).all().await;
    assert!(matches!(outcomes[..], [Ok(_), Err(ItemError::Failed("refused")), Ok(_)]));
}

#[tokio::test(start_paused = true)]
async fn one_slow_server_holds_the_report_of_all() {
    let servers = [Server::Near, Server::Dead, Server::Near];
    let mut tasks = JoinSet::new();
    for server in servers {
        tasks.spawn(ask(server));
    }
    assert!(hangs(tasks.join_all()).await, "the report comes when all are done");

    let mut run = FanOut::with_timeout(3, 60 * SECOND).run(servers, ask);
    let begin = Instant::now();
    let mut report = Vec::new();
    while let Some((index, outcome)) = run.next().await {
        report.push((index, outcome.is_ok(), begin.elapsed().as_secs()));
    }
    report.sort_unstable();
    assert_eq!(report, [(0, true, 1), (1, false, 60), (2, true, 1)]);
}

// Handles that are dropped do not stop their tasks.

#[tokio::test(start_paused = true)]
async fn a_handle_that_is_dropped_leaves_its_task_running() {
    let tasks = Arc::new(Alive::default());
    let handles: Vec<_> = (0..5)
        .map(|_| {
            let task = tasks.one();
            tokio::spawn(async move {
                let _task = task;
                seconds(1000).await;
            })
        })
        .collect();
    assert!(
        timeout(SECOND, async {
            for handle in handles {
                let _ = handle.await;
            }
        })
        .await
        .is_err()
    );
    seconds(1).await;
    assert_eq!(tasks.now(), 5, "the caller gave up, and they go on");

    let tasks = Arc::new(Alive::default());
    let counted = Arc::clone(&tasks);
    let run = FanOut::new(5).run(0..5, move |_| {
        let task = counted.one();
        async move {
            let _task = task;
            seconds(1000).await;
            Ok::<_, ()>(())
        }
    });
    assert!(timeout(SECOND, run.all()).await.is_err());
    seconds(1).await;
    assert_eq!(tasks.now(), 0);
}

// One of our own: for a while the `cpu` variant worked with a single lane by this.

#[test]
fn a_lock_taken_in_a_while_let_is_held_in_the_body() {
    let queue = Mutex::new(vec![1, 2, 3]);
    let mut free = 0;
    while let Some(_item) = queue.lock().expect("no panic").pop() {
        free += usize::from(queue.try_lock().is_ok()); // as another lane would
    }
    assert_eq!(free, 0, "the guard lives as long as the whole `while let`");

    let queue = Mutex::new(vec![1, 2, 3]);
    let next = || queue.lock().expect("no panic").pop();
    while let Some(_item) = next() {
        free += usize::from(queue.try_lock().is_ok());
    }
    assert_eq!(free, 3);
}
