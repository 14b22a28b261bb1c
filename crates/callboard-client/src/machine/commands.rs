//! Commands that were not answered yet: sent at most so many at once, and sent again by the next connection.

use crate::{ClientError, Code, caps};
use callboard_protocol::{Node, error::ErrorCode, frame::ClientFrame};
use std::{collections::VecDeque, time::Duration};

/// Names a command within this client; its text is the command's id on the wire.
pub(crate) type Ticket = u64;

/// A command to be sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Submit {
    pub(crate) ticket: Ticket,
    pub(crate) name: String,
    pub(crate) args: Node,
    /// Its idempotency key. With one it may wait for a connection; without one it fails when there is none.
    pub(crate) key: Option<String>,
}

#[derive(Debug)]
struct Pending {
    ticket: Ticket,
    frame: ClientFrame,
    bytes: usize,
    expires: Duration,
    /// On this connection.
    sent: bool,
    /// On any connection: its outcome is in doubt.
    ever_sent: bool,
}

/// See the module. In order of submission.
#[derive(Debug, Default)]
pub(super) struct Commands {
    pending: VecDeque<Pending>,
}

impl Commands {
    /// Takes a command in.
    pub(super) fn submit(
        &mut self,
        submit: Submit,
        instance: &str,
        now: Duration,
    ) -> Result<(), ClientError> {
        if self.pending.len() >= caps::COMMANDS {
            let message = format!("{} commands are waiting already", caps::COMMANDS);
            return Err(ClientError::new(Code::Server(ErrorCode::Overloaded), message).retryable(true));
        }
        let id = submit.ticket.to_string();
        let key = submit.key.unwrap_or_else(|| format!("{instance}:{id}"));
        let frame = ClientFrame::Cmd { id, name: submit.name, args: submit.args, key: Some(key) };
        // The types of the wire always serialise.
        let bytes = serde_json::to_string(&frame).map_or(0, |text| text.len());
        let expires = now + caps::COMMAND;
        self.pending.push_back(Pending {
            ticket: submit.ticket,
            frame,
            bytes,
            expires,
            sent: false,
            ever_sent: false,
        });
        Ok(())
    }

    /// The next command to send, unless as many as the server allows are under way. It counts as sent.
    pub(super) fn next_to_send(&mut self, max_inflight: u32) -> Option<ClientFrame> {
        let inflight = self.pending.iter().filter(|pending| pending.sent).count();
        if inflight >= max_inflight.max(1) as usize {
            return None;
        }
        let next = self.pending.iter_mut().find(|pending| !pending.sent)?;
        (next.sent, next.ever_sent) = (true, true);
        Some(next.frame.clone())
    }

    /// Commands that are over the server's limit for a message; they would end the connection.
    pub(super) fn take_too_large(&mut self, max_bytes: u64) -> Vec<(Ticket, ClientError)> {
        let message = format!("the command is larger than {max_bytes} bytes");
        self.take_if(|pending| pending.bytes as u64 > max_bytes, Code::Server(ErrorCode::TooLarge), &message)
    }

    /// The server closed because of a message that was too big: the largest one is not sent again.
    pub(super) fn take_largest_sent(&mut self) -> Option<(Ticket, ClientError)> {
        let largest =
            self.pending.iter().filter(|pending| pending.sent).max_by_key(|pending| pending.bytes)?;
        let ticket = largest.ticket;
        let message = "the server closed the connection because a message was too big";
        self.take_if(|pending| pending.ticket == ticket, Code::Server(ErrorCode::TooLarge), message).pop()
    }

    /// Takes a command out because its answer is here.
    pub(super) fn answered(&mut self, id: &str) -> Option<Ticket> {
        let ticket: Ticket = id.parse().ok()?;
        let index = self.pending.iter().position(|pending| pending.ticket == ticket)?;
        self.pending.remove(index).map(|pending| pending.ticket)
    }

    /// Takes out what waited too long.
    pub(super) fn take_expired(&mut self, now: Duration) -> Vec<(Ticket, ClientError)> {
        let message = format!("there was no answer within {} s", caps::COMMAND.as_secs());
        self.take_if(|pending| pending.expires <= now, Code::Server(ErrorCode::Timeout), &message)
    }

    /// Takes out all, because there will be no answer.
    pub(super) fn take_all(&mut self, error: &ClientError) -> Vec<(Ticket, ClientError)> {
        let all = self.pending.drain(..);
        all.map(|pending| (pending.ticket, error.clone().in_doubt(pending.ever_sent))).collect()
    }

    pub(super) fn connection_lost(&mut self) {
        self.pending.iter_mut().for_each(|pending| pending.sent = false);
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        self.pending.iter().map(|pending| pending.expires).min()
    }

    fn take_if(
        &mut self,
        wanted: impl Fn(&Pending) -> bool,
        code: Code,
        message: &str,
    ) -> Vec<(Ticket, ClientError)> {
        let mut taken = Vec::new();
        self.pending.retain(|pending| {
            let keep = !wanted(pending);
            if !keep {
                let in_doubt = pending.ever_sent && code != Code::Server(ErrorCode::TooLarge);
                let retryable = code == Code::Server(ErrorCode::Timeout);
                let error = ClientError::new(code, message).retryable(retryable).in_doubt(in_doubt);
                taken.push((pending.ticket, error));
            }
            keep
        });
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submit(ticket: Ticket) -> Submit {
        Submit { ticket, name: "jobs.cancel".into(), args: Node::object(), key: None }
    }

    fn sent_ids(commands: &mut Commands, max: u32) -> Vec<String> {
        std::iter::from_fn(|| commands.next_to_send(max))
            .map(|frame| match frame {
                ClientFrame::Cmd { id, key, .. } => format!("{id} {}", key.unwrap()),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn unanswered_ones_are_sent_again_in_order_with_the_same_key() {
        let mut commands = Commands::default();
        for ticket in 1..=4 {
            commands.submit(submit(ticket), "me", Duration::ZERO).unwrap();
        }
        assert_eq!(sent_ids(&mut commands, 3), ["1 me:1", "2 me:2", "3 me:3"]);
        assert_eq!(commands.answered("2"), Some(2));
        assert_eq!(commands.answered("2"), None);
        assert_eq!(commands.answered("x"), None);
        assert_eq!(sent_ids(&mut commands, 3), ["4 me:4"]);
        commands.connection_lost();
        assert_eq!(sent_ids(&mut commands, 64), ["1 me:1", "3 me:3", "4 me:4"]);
    }

    #[test]
    fn an_error_says_whether_the_command_may_have_been_carried_out() {
        let mut commands = Commands::default();
        commands.submit(submit(1), "me", Duration::ZERO).unwrap();
        commands.submit(submit(2), "me", Duration::ZERO).unwrap();
        assert_eq!(sent_ids(&mut commands, 1), ["1 me:1"]);
        assert_eq!(commands.take_expired(caps::COMMAND - Duration::from_millis(1)), []);
        let expired = commands.take_expired(caps::COMMAND);
        let told: Vec<_> =
            expired.iter().map(|(ticket, error)| (*ticket, error.has_side_effects())).collect();
        assert_eq!(told, [(1, true), (2, false)]);
        assert!(expired[0].1.is_retryable());
    }

    #[test]
    fn the_table_is_bounded() {
        let mut commands = Commands::default();
        for ticket in 0..caps::COMMANDS as u64 {
            commands.submit(submit(ticket), "me", Duration::ZERO).unwrap();
        }
        let error = commands.submit(submit(9999), "me", Duration::ZERO).unwrap_err();
        assert_eq!(error.code(), Code::Server(ErrorCode::Overloaded));
    }

    #[test]
    fn what_is_too_large_is_never_sent_again() {
        let mut commands = Commands::default();
        commands.submit(submit(1), "me", Duration::ZERO).unwrap();
        let args = Node::from("x".repeat(1000));
        commands.submit(Submit { args, ..submit(2) }, "me", Duration::ZERO).unwrap();
        sent_ids(&mut commands, 64);
        assert_eq!(commands.take_largest_sent().map(|(ticket, _)| ticket), Some(2));
        assert_eq!(commands.take_too_large(10).len(), 1);
        assert_eq!(commands.take_largest_sent(), None);
    }
}
