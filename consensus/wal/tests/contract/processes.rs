//! Real processes that are killed, and a real file system that is full.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, thread};

use super::say;
use super::surface::Log;
use super::under_test::{self, AppendError, Options, Record};

/// Set for the process that is killed: the variant and the folder.
const VICTIM: &str = "COOKBOOK_WAL_VICTIM";
const WRITERS: u8 = 4;
const VOTE: u8 = 200;

fn options() -> Options {
    Options { segment_bytes: 32 << 10, ..Options::new(9) }
}

/// Started anew by the test below, with the variable set. It never returns then.
#[test]
fn the_process_that_is_killed_writes_until_then() {
    let Ok(victim) = env::var(VICTIM) else { return };
    match victim.split_once(' ') {
        Some(("lock", folder)) => write_for_ever::<under_test::lock::Wal>(Path::new(folder)),
        Some((_, folder)) => write_for_ever::<under_test::channel::Wal>(Path::new(folder)),
        None => panic!("{VICTIM} is a variant and a folder"),
    }
}

fn write_for_ever<L: Log>(folder: &Path) {
    let mut next = [0_u64; WRITERS as usize];
    let (log, _) =
        L::open(folder, &options(), |entry| count(&mut next, entry.kind, entry.body)).unwrap();
    thread::scope(|scope| {
        for (writer, next) in next.into_iter().enumerate() {
            let log = &log;
            scope.spawn(move || {
                for number in next.. {
                    let body = [&number.to_le_bytes()[..], &[writer as u8; 200]].concat();
                    let vote = number.to_le_bytes();
                    let pair = [
                        Record::new(writer as u8, &body),
                        Record::carried(VOTE + writer as u8, &vote),
                    ];
                    let sequence = log.force(&pair).unwrap();
                    // One call for a line, so that none is torn.
                    let line = format!("{writer} {number}\n");
                    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                    if number % 64 == 0 {
                        log.release(sequence.saturating_sub(100)).unwrap();
                    }
                }
            });
        }
    });
}

/// Each writer's numbers have no gap, but where segments were released.
fn count(next: &mut [u64; WRITERS as usize], kind: u8, body: &[u8]) {
    let number = u64::from_le_bytes(*body.first_chunk().unwrap());
    if kind >= VOTE {
        return next[usize::from(kind - VOTE)] = number + 1;
    }
    let next = &mut next[usize::from(kind)];
    assert!(*next == 0 || number == *next, "writer {kind} goes from {next} to {number}");
    *next = number + 1;
}

/// Has a process write until it has acknowledged so many records, and kills it; the last number that
/// each writer was told.
fn kill(variant: &str, folder: &Path, after: usize) -> BTreeMap<usize, u64> {
    let mut victim = Command::new(env::current_exe().unwrap())
        .args(["--exact", "processes::the_process_that_is_killed_writes_until_then", "--nocapture"])
        .env(VICTIM, format!("{variant} {}", folder.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BTreeMap::new();
    let mut lines = 0;
    let mut output = BufReader::new(victim.stdout.take().unwrap());
    let mut line = String::new();
    while output.read_line(&mut line).unwrap() > 0 {
        let whole = line.ends_with('\n');
        if let Some((writer, number)) = line.trim().split_once(' ').filter(|_| whole)
            && let (Ok(writer), Ok(number)) = (writer.parse(), number.parse())
        {
            told.insert(writer, number);
            lines += 1;
        }
        line.clear();
        if lines == after {
            victim.kill().unwrap();
        }
    }
    victim.wait().unwrap();
    assert!(lines >= after, "it died by itself after {lines} records");
    told
}

fn killed<L: Log>(rounds: usize) {
    let folder = tempfile::tempdir().unwrap();
    let (mut records, mut cuts) = (0, 0);
    for round in 0..rounds {
        let after = 1 + round * 37 % 150;
        let told = kill(L::VARIANT, folder.path(), after);
        let mut next = [0; WRITERS as usize];
        let opened =
            L::open(folder.path(), &options(), |entry| count(&mut next, entry.kind, entry.body));
        let (log, recovery) = opened.unwrap();
        for (writer, number) in told {
            assert!(
                next[writer] > number,
                "{writer} was told {number} and {} is next",
                next[writer]
            );
        }
        cuts += usize::from(recovery.cut.is_some());
        records = recovery.last;
        drop(log);
    }
    say(&format!("COUNT wal_{}_processes_killed={rounds}", L::VARIANT));
    say(&format!("COUNT wal_{}_records_of_the_killed={records}", L::VARIANT));
    assert!(records > rounds as u64 * 60, "{records}, {cuts}");
}

fn a_process_that_is_killed_loses_nothing_acknowledged<L: Log>() {
    killed::<L>(50);
}

fn a_full_file_system_says_so_and_loses_nothing<L: Log>() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["-t", "tmpfs", "-o", "size=200k", "none"];
    let mounted = Command::new("mount").args(options).arg(folder.path()).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        return say("SKIP wal_full_file_system: it needs the right to mount a file system");
    }
    let outcome = thread::scope(|scope| scope.spawn(|| fill::<L>(folder.path())).join());
    assert!(Command::new("umount").arg(folder.path()).status().unwrap().success());
    outcome.unwrap();
}

fn fill<L: Log>(folder: &Path) {
    let (log, _) = L::open(folder, &options(), |_| ()).unwrap();
    let acknowledged = (1..).find_map(|number| match log.force(&[Record::new(1, &[1; 900])]) {
        Ok(sequence) => {
            assert_eq!(sequence, number);
            None
        }
        Err(AppendError::Failed(failed)) => {
            let kind = failed.io_error().unwrap().kind();
            assert_eq!(kind, std::io::ErrorKind::StorageFull, "{failed}");
            Some(number - 1)
        }
        Err(error) => panic!("{error}"),
    });
    let acknowledged = acknowledged.unwrap();
    assert!(acknowledged > 100, "{acknowledged}");
    assert!(log.shutdown().is_err());
    let (log, recovery) = L::open(folder, &options(), |_| ()).unwrap();
    assert_eq!(recovery.last, acknowledged);
    // There is room again when old segments may go.
    assert!(log.release(acknowledged).unwrap() > 1);
    for number in 1..=30 {
        assert_eq!(log.force(&[Record::new(1, &[1; 900])]).unwrap(), acknowledged + number);
    }
    log.shutdown().unwrap();
}

macro_rules! processes {
    ($variant:ident) => {
        mod $variant {
            type Wal = crate::under_test::$variant::Wal;

            #[test]
            fn a_process_that_is_killed_loses_nothing_acknowledged() {
                super::a_process_that_is_killed_loses_nothing_acknowledged::<Wal>();
            }

            #[test]
            fn a_full_file_system_says_so_and_loses_nothing() {
                super::a_full_file_system_says_so_and_loses_nothing::<Wal>();
            }
        }
    };
}
processes!(channel);
processes!(lock);
