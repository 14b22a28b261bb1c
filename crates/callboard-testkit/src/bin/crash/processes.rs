//! Processes of jobs, by the mark in their environment.

use std::{fs, path::Path};

/// A process: the start makes the number unique within a boot.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    start: String,
    pub(crate) job: String,
}

/// The processes whose work folder is below this data folder, and which have not ended.
pub(crate) fn of(data: &Path) -> Vec<Process> {
    let mark = format!("CALLBOARD_WORK_DIR={}/", data.display());
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
        let variables: Vec<_> = environment.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
        variables.iter().find(|variable| variable.starts_with(&mark))?;
        let job = variables.iter().find_map(|variable| variable.strip_prefix("CALLBOARD_JOB_ID="))?;
        Some(Process { pid, start: start_of(pid)?, job: job.to_owned() })
    })
    .collect()
}

/// Those that are still there.
pub(crate) fn alive(processes: &[Process]) -> Vec<&Process> {
    processes.iter().filter(|process| start_of(process.pid).as_ref() == Some(&process.start)).collect()
}

/// When a process started, in ticks; nothing when it has ended.
fn start_of(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat[stat.rfind(')')? + 1..].split_ascii_whitespace();
    let has_ended = matches!(fields.next()?, "Z" | "X");
    let start = fields.nth(18)?.to_owned();
    (!has_ended).then_some(start)
}
