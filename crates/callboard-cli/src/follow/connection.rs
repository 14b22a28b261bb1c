//! Whether there is a connection, told when that changes.

use callboard_client::Phase;

/// See the module.
pub(crate) struct Connection {
    is_there: bool,
}

impl Connection {
    /// One that is there.
    pub(crate) fn open() -> Connection {
        Connection { is_there: true }
    }

    /// What is to be told of it in this phase, if anything.
    pub(crate) fn news(&mut self, phase: &Phase) -> Option<&'static str> {
        let (is_there, words) = match phase {
            Phase::Open => (true, "connected again"),
            Phase::Waiting { .. } => (false, "the connection to the server was lost; trying again"),
            _ => return None,
        };
        (std::mem::replace(&mut self.is_there, is_there) != is_there).then_some(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use callboard_protocol::Time;

    #[test]
    fn only_changes_are_told() {
        let waiting = Phase::Waiting { delay_ms: 1, until: Time(0) };
        let mut connection = Connection::open();
        let mut told = |phase: &Phase| connection.news(phase).is_some();
        let phases = [&Phase::Open, &waiting, &Phase::Connecting, &waiting, &Phase::Open, &Phase::Open];
        assert_eq!(phases.map(&mut told), [false, true, false, false, true, false]);
    }
}
