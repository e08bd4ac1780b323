//! A test that cannot fail proves nothing: every planted fault is caught by the test it names.
//!
//! Each fault is planted in a copy of the workspace and the test is run there. That takes a build
//! for each, so it happens only with `COOKBOOK_DEEP=1`. `COOKBOOK_PLANTED=semaphore` tries the
//! faults of that recipe alone, `COOKBOOK_PLANTED=semaphore/lock-` those whose names begin so.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use cookbook::house::planted::{Fault, faults, git_apply, names_in};
use cookbook::workspace::{Recipe, Workspace};

/// How long the tests of one file may take; a hang is no catch, for nobody is told of it.
const PATIENCE: Duration = Duration::from_mins(2);

#[test]
fn every_planted_fault_is_caught_by_the_test_it_names() {
    if std::env::var_os("COOKBOOK_DEEP").is_none() {
        say("SKIP planted: run COOKBOOK_DEEP=1 cargo test -p cookbook --test planted");
        return;
    }
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("planted");
    let _mine = locked(&scratch).unwrap();
    let copy = copy_of_the_workspace(&scratch.join("workspace")).unwrap();
    let field = Field { copy, target: scratch.join("target") };
    let (mut complaints, mut counts) = (Vec::new(), Vec::new());
    let wanted = std::env::var("COOKBOOK_PLANTED").unwrap_or_default();
    let (name, begin) = wanted.split_once('/').unwrap_or((&wanted, ""));
    let recipes = field.copy.recipes().unwrap();
    for recipe in recipes.iter().filter(|it| name.is_empty() || it.name == name) {
        let mut faults = faults(&field.copy, recipe);
        faults.retain(|fault| begins(fault, begin));
        complaints.extend(field.try_without(recipe, &faults).err().map(|e| format!("{e:#}")));
        for fault in &faults {
            let verdict = field.try_fault(recipe, fault);
            let shown = verdict.as_ref().map_or_else(|e| format!("{e:#}"), |()| "caught".into());
            say(&format!("{}: {shown}", fault.patch.display()));
            complaints.extend(verdict.err().map(|e| format!("{}: {e:#}", fault.patch.display())));
        }
        counts.push(format!("COUNT planted_{}={}", recipe.name.replace('-', "_"), faults.len()));
    }
    assert!(!counts.is_empty(), "there is no recipe {wanted}");
    assert!(complaints.is_empty(), "\n\n- {}\n", complaints.join("\n- "));
    for count in &counts {
        say(count);
    }
}

fn begins(fault: &Fault, with: &str) -> bool {
    fault.patch.file_name().is_some_and(|name| name.to_string_lossy().starts_with(with))
}

/// Where faults are planted.
struct Field {
    copy: Workspace,
    /// Kept from fault to fault, so that only what a patch touches is built anew.
    target: PathBuf,
}

/// How a test ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Passed,
    Failed,
    /// No file of tests has it, or the process died before it ended.
    Unknown,
}

impl Field {
    /// Each test must pass as long as its fault is not in.
    fn try_without(&self, recipe: &Recipe, faults: &[Fault]) -> anyhow::Result<()> {
        let tests: BTreeSet<_> = faults.iter().map(|fault| &fault.test).collect();
        for test in tests {
            let end = self.run(recipe, test)?;
            ensure!(end == End::Passed, "`{test}` does not even pass without a fault");
        }
        Ok(())
    }

    /// The test must fail once the fault is in.
    fn try_fault(&self, recipe: &Recipe, fault: &Fault) -> anyhow::Result<()> {
        self.apply(recipe, fault, &[])?;
        let after = self.run(recipe, &fault.test);
        self.apply(recipe, fault, &["--reverse"])?;
        match after? {
            End::Failed => Ok(()),
            End::Passed => anyhow::bail!("`{}` does not notice it", fault.test),
            End::Unknown => anyhow::bail!("`{}` did not come to an end", fault.test),
        }
    }

    fn apply(&self, recipe: &Recipe, fault: &Fault, options: &[&str]) -> anyhow::Result<()> {
        let refusal = git_apply(&self.copy, recipe, fault, options)?;
        ensure!(refusal.is_none(), "{}", refusal.unwrap_or_default());
        Ok(())
    }

    fn targets(&self, recipe: &Recipe, test: &str) -> anyhow::Result<Vec<String>> {
        let mut targets = BTreeSet::new();
        for file in self.copy.files(&recipe.folder, "rs") {
            if names_in(&self.copy, recipe, &file)?.iter().any(|it| it == test) {
                let target = target(file.strip_prefix(&recipe.folder)?);
                targets.extend(self.is_there(recipe, &target).then_some(target));
            }
        }
        ensure!(!targets.is_empty(), "there is no test `{test}`");
        Ok(targets.into_iter().flatten().collect())
    }

    /// A folder of tests that others include is no program of its own.
    fn is_there(&self, recipe: &Recipe, target: &[String; 2]) -> bool {
        let [kind, name] = target;
        let programs = [format!("tests/{name}.rs"), format!("tests/{name}/main.rs")];
        let is_file = |program: &String| self.copy.path(recipe.folder.join(program)).is_file();
        kind != "--test" || programs.iter().any(is_file)
    }

    fn run(&self, recipe: &Recipe, test: &str) -> anyhow::Result<End> {
        let mut end = End::Unknown;
        for program in self.build(recipe, test)? {
            let folder = self.copy.path(&recipe.folder);
            match end_of(test, &finish(&program, test, &folder)?) {
                End::Failed => return Ok(End::Failed),
                End::Passed => end = End::Passed,
                End::Unknown => {}
            }
        }
        Ok(end)
    }

    /// Builds the programs that hold the test, and names them.
    fn build(&self, recipe: &Recipe, test: &str) -> anyhow::Result<Vec<PathBuf>> {
        let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .current_dir(self.copy.path(""))
            .env("CARGO_TARGET_DIR", &self.target)
            .args(["test", "--no-run", "--message-format=json-render-diagnostics", "--package"])
            .arg(&recipe.name)
            .args(self.targets(recipe, test)?)
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "it does not compile:\n{said}");
        let mut programs = Vec::new();
        for line in String::from_utf8(output.stdout)?.lines() {
            let message: serde_json::Value = serde_json::from_str(line)?;
            let is_test = message["profile"]["test"].as_bool() == Some(true);
            programs.extend(message["executable"].as_str().filter(|_| is_test).map(PathBuf::from));
        }
        Ok(programs)
    }
}

/// Cargo's words for the programs a test is in. To build a recipe's other programs for each fault
/// would take most of the time.
fn target(file: &Path) -> [String; 2] {
    let mut parts = file.iter().map(|part| part.to_string_lossy());
    let (folder, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    match &*folder {
        "tests" => ["--test".into(), name.trim_end_matches(".rs").into()],
        _ => ["--lib".into(), "--bins".into()],
    }
}

/// What one program of tests prints when it runs those that are called `test`.
fn finish(program: &Path, test: &str, folder: &Path) -> anyhow::Result<String> {
    let mut child = Command::new(program)
        .arg(test)
        .current_dir(folder)
        // The plain budgets must do.
        .env_remove("COOKBOOK_DEEP")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut output = child.stdout.take().context("its output is piped")?;
    let (sender, ended) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let mut text = String::new();
        let _ = output.read_to_string(&mut text).map(|_| sender.send(text));
    });
    let text = ended.recv_timeout(PATIENCE);
    child.kill()?;
    child.wait()?;
    text.with_context(|| format!("`{test}` still ran after {} s", PATIENCE.as_secs()))
}

/// Reads the verdict off the harness's lines, such as `test lock::it_counts ... FAILED`.
fn end_of(test: &str, output: &str) -> End {
    let mut end = End::Unknown;
    for line in output.lines() {
        let Some((name, verdict)) =
            line.strip_prefix("test ").and_then(|it| it.split_once(" ... "))
        else {
            continue;
        };
        let name = name.split_whitespace().next().unwrap_or_default();
        match verdict {
            _ if name.rsplit("::").next() != Some(test) => {}
            "FAILED" => return End::Failed,
            "ok" => end = End::Passed,
            _ => {}
        }
    }
    end
}

/// Keeps a second run out of the folder for as long as the file is open.
fn locked(folder: &Path) -> std::io::Result<File> {
    std::fs::create_dir_all(folder)?;
    let file = File::create(folder.join("lock"))?;
    file.lock()?;
    Ok(file)
}

/// Copies what git knows or would add, into an empty folder.
fn copy_of_the_workspace(to: &Path) -> anyhow::Result<Workspace> {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if to.exists() {
        std::fs::remove_dir_all(to)?;
    }
    let output = Command::new("git")
        .current_dir(&from)
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let files = String::from_utf8(output.stdout)?;
    for file in files.split_terminator('\0').filter(|file| from.join(file).is_file()) {
        let target = to.join(file);
        std::fs::create_dir_all(target.parent().unwrap_or(to))?;
        std::fs::copy(from.join(file), target)?;
    }
    Ok(Workspace::at(to))
}

/// Past the harness, which would swallow it.
fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("stderr is open");
}

#[test]
fn a_test_is_in_one_program() {
    assert_eq!(target(Path::new("tests/models.rs")), ["--test", "models"]);
    assert_eq!(target(Path::new("tests/contract/panics.rs")), ["--test", "contract"]);
    assert_eq!(target(Path::new("src/line.rs")), ["--lib", "--bins"]);
}

#[test]
fn a_verdict_is_read_off_the_harness() {
    let output =
        "running 3 tests\ntest lock::it_counts ... ok\ntest channel::it_counts ... FAILED\n";
    assert_eq!(end_of("it_counts", output), End::Failed);
    assert_eq!(end_of("it_counts", "test lock::it_counts - should panic ... ok\n"), End::Passed);
    assert_eq!(end_of("counts", output), End::Unknown);
    assert_eq!(end_of("it_counts", "test lock::it_counts ... "), End::Unknown);
}
