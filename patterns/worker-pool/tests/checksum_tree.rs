//! The example `checksum_tree`, run on trees that are not as they should be.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc;
use std::time::Duration;
use std::{env, thread};

#[path = "../examples/checksum_tree.rs"]
#[expect(dead_code, reason = "the tests are its `main`")]
mod program;

use program::report::{Console, Report};
use program::walk::Found;

/// Nothing here takes long; who waits longer hangs.
const LONG: Duration = Duration::from_secs(30);

/// What the program said, and how it ended.
struct Said {
    out: String,
    err: String,
    end: u8,
}

fn run(arguments: &[&str]) -> Said {
    run_on(arguments, false, &Arc::default())
}

fn run_on(arguments: &[&str], terminal: bool, stop: &Arc<AtomicBool>) -> Said {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut console = Console { out: &mut out, err: &mut err, terminal };
    let end = program::run(arguments.iter().map(OsString::from), stop, &mut console).unwrap();
    Said { out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap(), end }
}

fn tree() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn name(tree: &tempfile::TempDir) -> &str {
    tree.path().to_str().unwrap()
}

#[test]
fn the_demonstration_ends_by_itself_and_agrees_with_one_thread() {
    let said = run(&[]);
    assert_eq!(said.end, 0, "{}", said.err);
    assert_eq!(said.out.lines().count(), 49);
    assert!(said.out.contains("cbf43926          9 \"nine-digits\"\n"), "{}", said.out);
    assert!(said.err.contains("the same in"), "{}", said.err);
    assert_eq!(said.err.contains("cannot read \"gone\""), cfg!(unix), "{}", said.err);
}

#[test]
fn lines_stand_in_the_order_of_names_whatever_the_number_of_threads() {
    let tree = tree();
    for folder in ["b", "a/deep/down", "c"] {
        fs::create_dir_all(tree.path().join(folder)).unwrap();
        for file in 0..40_u8 {
            let bytes = vec![file; usize::from(file) * 5_000];
            fs::write(tree.path().join(folder).join(format!("{file:02}")), bytes).unwrap();
        }
    }
    let by_one = run(&["--threads", "1", name(&tree)]);
    assert_eq!(by_one.out.lines().count(), 120);
    let names: Vec<_> = by_one.out.lines().map(|line| line.split_at(19).1).collect();
    assert!(names.is_sorted());
    for threads in ["2", "3", "16"] {
        let said = run(&["--threads", threads, "--check", name(&tree)]);
        assert_eq!((said.out, said.end), (by_one.out.clone(), 0));
    }
}

#[test]
fn an_empty_tree_and_a_single_file_are_trees() {
    let tree = tree();
    let said = run(&[name(&tree)]);
    assert_eq!((said.out.as_str(), said.end), ("", 0));
    assert!(said.err.starts_with("0 files, 0 bytes"), "{}", said.err);
    let file = tree.path().join("one");
    fs::write(&file, "123456789").unwrap();
    let said = run(&[file.to_str().unwrap()]);
    assert_eq!(said.end, 0);
    assert!(said.out.starts_with("cbf43926          9 "), "{}", said.out);
}

#[test]
#[cfg(unix)]
fn broken_links_are_reported_and_the_rest_is_done() {
    use std::os::unix::fs::symlink;
    let tree = tree();
    fs::write(tree.path().join("before"), "123456789").unwrap();
    symlink("nowhere", tree.path().join("broken")).unwrap();
    symlink("itself", tree.path().join("itself")).unwrap();
    symlink("before", tree.path().join("link to a file")).unwrap();
    let said = run(&[name(&tree)]);
    assert_eq!(said.end, 1);
    let both = "cbf43926          9 \"before\"\ncbf43926          9 \"link to a file\"\n";
    assert_eq!(said.out, both);
    assert!(said.err.contains("cannot read \"broken\": No such file"), "{}", said.err);
    assert!(said.err.contains("cannot read \"itself\": "), "{}", said.err);
    assert!(said.err.contains("2 could not be read"), "{}", said.err);
}

#[test]
#[cfg(unix)]
fn a_link_to_a_directory_is_not_followed_so_a_circle_ends() {
    let tree = tree();
    fs::create_dir(tree.path().join("below")).unwrap();
    fs::write(tree.path().join("below/file"), "").unwrap();
    std::os::unix::fs::symlink("..", tree.path().join("below/up")).unwrap();
    let said = run(&[name(&tree)]);
    assert_eq!((said.out.as_str(), said.end), ("00000000          0 \"below/file\"\n", 0));
    assert!(said.err.contains("skipped \"below/up\": a link to a directory"), "{}", said.err);
}

/// Whoever opens a pipe for reading waits until somebody writes.
#[test]
#[cfg(unix)]
fn a_pipe_is_skipped_and_holds_nobody_up() {
    let tree = tree();
    let pipe = tree.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let said = run(&[name(&tree)]);
    assert_eq!((said.out.as_str(), said.end), ("", 0));
    assert!(said.err.contains("skipped \"pipe\": neither"), "{}", said.err);
}

/// Permissions hold back everybody but root; a directory as a file holds root back as well.
#[test]
#[cfg(unix)]
fn files_that_cannot_be_read_are_reported_and_the_rest_is_done() {
    let tree = tree();
    fs::write(tree.path().join("good"), "123456789").unwrap();
    let walk = ["good", "vanished", ".", "good"].map(|name| Found::File(tree.path().join(name)));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut console = Console { out: &mut out, err: &mut err, terminal: false };
    let mut report = Report::new(tree.path(), &mut console, None);
    let left = program::sums::by_pool(walk.into_iter(), 2, &Arc::default(), &mut report).unwrap();
    let totals = report.finish().unwrap();
    assert_eq!((totals.files, totals.failed, left), (2, 2, 0));
    let err = String::from_utf8(err).unwrap();
    assert!(err.contains("cannot read \"vanished\": "), "{err}");
    assert_eq!(String::from_utf8(out).unwrap().lines().count(), 2);
}

#[test]
#[cfg(unix)]
fn a_name_with_a_line_break_or_broken_letters_stays_on_its_line() {
    use std::os::unix::ffi::OsStringExt;
    let tree = tree();
    fs::write(tree.path().join("two\nlines\x1b[2J"), "").unwrap();
    fs::write(tree.path().join(OsString::from_vec(b"z\xff".to_vec())), "").unwrap();
    let said = run(&[name(&tree)]);
    let lines: Vec<_> = said.out.lines().map(|line| line.split_at(20).1).collect();
    assert_eq!(lines, [r#""two\nlines\u{1b}[2J""#, r#""z\xFF""#]);
}

/// The first file is a pipe, whose end is not written before the walk has gone as far as it may.
#[test]
#[cfg(unix)]
fn memory_is_bounded_however_many_files_there_are() {
    const BOUND: usize = 2 * program::sums::WINDOW;
    let (tree, reported) = (tree(), Counter::default());
    let [pipe, same] = ["pipe", "same"].map(|name| tree.path().join(name));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    fs::write(&same, "123456789").unwrap();
    let (mut found, mut most) = (0, 0);
    let walk = std::iter::from_fn(|| {
        found += 1;
        most = most.max(found - reported.lines());
        if found == BOUND {
            fs::write(&pipe, "123456789").unwrap();
        }
        let path = if found == 1 { &pipe } else { &same };
        (found <= 5_000).then(|| Found::File(path.clone()))
    });
    let (mut out, mut err) = (reported.clone(), io::sink());
    let mut console = Console { out: &mut out, err: &mut err, terminal: false };
    let mut report = Report::new(tree.path(), &mut console, None);
    program::sums::by_pool(walk, 2, &Arc::default(), &mut report).unwrap();
    assert_eq!(report.finish().unwrap().files, 5_000);
    assert_eq!(most, BOUND);
}

/// Counts lines.
#[derive(Clone, Default)]
struct Counter(Arc<std::sync::atomic::AtomicUsize>);

impl Counter {
    fn lines(&self) -> usize {
        self.0.load(Relaxed)
    }
}

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.split(|byte| *byte == b'\n').count() - 1, Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_bar_is_for_terminals_alone_and_stays_off_the_lines() {
    let tree = tree();
    fs::write(tree.path().join("file"), "123456789").unwrap();
    let plain = run(&[name(&tree)]);
    assert!(!plain.err.contains(['\r', '\x1b']), "{:?}", plain.err);
    let drawn = run_on(&[name(&tree)], true, &Arc::default());
    // With the file in it, or without if it took so long that the bar was drawn before.
    assert!(drawn.err.contains("\r[") && drawn.err.contains(" files\x1b[K"), "{:?}", drawn.err);
    assert!(drawn.err.contains("\r\x1b[K"), "it is taken away: {:?}", drawn.err);
    assert_eq!(plain.out, drawn.out);
}

#[test]
fn whoever_stops_reading_ends_it() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (tree, stop) = (tree(), Arc::new(AtomicBool::new(false)));
    fs::write(tree.path().join("a"), "").unwrap();
    File::create(tree.path().join("b")).unwrap().set_len(ENDLESS).unwrap();
    let mut console = Console { out: &mut Closed, err: &mut io::sink(), terminal: false };
    let error = program::run([tree.path().into()].into_iter(), &stop, &mut console).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn help_and_wrong_arguments_are_answered_in_sentences() {
    for help in ["--help", "-h"] {
        let said = run(&[help]);
        assert_eq!((said.end, said.err.as_str()), (0, ""));
        assert!(said.out.contains("Usage: checksum_tree"), "{}", said.out);
    }
    for (arguments, complaint) in [
        (&["--thread"][..], "there is no option `--thread`"),
        (&["--threads"], "--threads needs a number"),
        (&["--threads", "0"], "--threads is a number from 1 to 256, not `0`"),
        (&["--threads", "many"], "not `many`"),
        (&["--threads", "257"], "not `257`"),
        (&["a", "b"], "one directory at a time"),
        (&[""], "the directory has an empty name"),
        (&["/no/such/place"], "/no/such/place: No such file"),
        (&["--", "--help"], "--help: No such file"),
    ] {
        let said = run(arguments);
        assert_eq!((said.end, said.out.as_str()), (2, ""), "{arguments:?}");
        assert!(said.err.contains(complaint), "{arguments:?}: {}", said.err);
    }
}

/// No machine reads so far while a test waits, and on disk it is nothing.
const ENDLESS: u64 = 1 << 42;
/// The tree for the program that this test starts, which is the test again.
const TREE: &str = "CHECKSUM_TREE_TEST";

/// Files without an end: two keep both workers busy, a third waits in the queue.
#[test]
#[cfg(unix)]
fn ctrl_c_ends_it_cleanly() {
    if env::var_os(TREE).is_some() {
        return;
    }
    let tree = tree();
    fs::write(tree.path().join("a"), "123456789").unwrap();
    for endless in ["b", "c", "d"] {
        File::create(tree.path().join(endless)).unwrap().set_len(ENDLESS).unwrap();
    }
    let mut program = Command::new(env::current_exe().unwrap())
        .args(["--exact", "the_program_itself", "--nocapture"])
        .env(TREE, tree.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let first = lines.by_ref().map_while(Result::ok).find(|line| line.contains("cbf43926"));
    assert!(first.is_some(), "the first file was never summed up");
    let id = program.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());

    let (sender, ended) = mpsc::sync_channel(1);
    let mut complaints = program.stderr.take().unwrap();
    let waiter = thread::spawn(move || sender.send(program.wait()));
    let Ok(status) = ended.recv_timeout(LONG) else {
        let _ = Command::new("kill").args(["-KILL", &id]).status();
        panic!("it did not end");
    };
    waiter.join().unwrap().unwrap();
    let mut err = String::new();
    complaints.read_to_string(&mut err).unwrap();
    assert_eq!(status.unwrap().code(), Some(130), "{err}");
    assert!(err.contains("stopped: 1 files, 9 bytes"), "{err}");
}

/// Not a test of its own: `ctrl_c_ends_it_cleanly` starts it as a process.
#[test]
fn the_program_itself() {
    let Some(tree) = env::var_os(TREE) else { return };
    let stop = Arc::new(AtomicBool::new(false));
    program::stop_on_ctrl_c(Arc::clone(&stop)).unwrap();
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let mut console = Console { out: &mut out, err: &mut err, terminal: false };
    let arguments = ["--threads".into(), "2".into(), tree];
    let end = program::run(arguments.into_iter(), &stop, &mut console).unwrap();
    std::process::exit(end.into());
}

#[test]
fn a_tree_that_is_gone_is_an_error_and_no_panic() {
    let walk = program::walk::Walk::new(Path::new("/no/such/place"));
    assert!(matches!(walk.collect::<Vec<_>>()[..], [Found::Failed(..)]));
}
