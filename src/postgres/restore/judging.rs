//! Collects, while a dump is created or read, what a restore would reject.

use crate::postgres::dump::item::Item;
use crate::postgres::dump::lexer::Lexer;
use crate::postgres::restore::judge::{Judge, Verdict};
use crate::postgres::restore::own;
use crate::postgres::restore::refusal::Refusal;
use crate::report::remark::{Level, Remark};

/// The number of rejections that are listed.
const MOST_TOLD: usize = 5;

/// The kind of the warning about a dump that hikae would not restore.
pub const NOT_RESTORABLE: &str = "not_restorable";

/// The judge of restores, run already at backup time.
pub(crate) struct Judging {
    judge: Judge,
    refused: Vec<(Option<u64>, Refusal)>,
    more: u64,
    /// The number of lines in earlier chunks.
    lines: u64,
    /// Something was found that psql could parse differently: the rest cannot be judged.
    blind: bool,
}

impl Judging {
    pub(crate) fn new() -> Judging {
        Judging { judge: Judge::new(), refused: Vec::new(), more: 0, lines: 0, blind: false }
    }

    /// Takes the item that the lexer has just read from `data`, of which `rest` is left.
    pub(crate) fn item(&mut self, item: Item, lexer: &mut Lexer, data: &[u8], rest: &[u8]) {
        if self.blind {
            return;
        }
        let judged = self.judge.item(item, lexer, 0, 0).and_then(|verdict| match verdict {
            Verdict::Database { act, name_at, tokens } => {
                own::check(act, name_at, &tokens).map_err(Refusal::of_database)
            }
            _ => Ok(()),
        });
        if let Err(refusal) = judged {
            self.blind |= lexer.odd().is_some();
            if !matches!(item, Item::PsqlLine | Item::Semicolon) {
                self.judge.pass_over();
            }
            self.refuse(&data[..data.len() - rest.len()], refusal);
        }
    }

    /// Whether the rest of the statement is irrelevant.
    pub(crate) fn is_free(&self) -> bool {
        self.blind || self.judge.is_free()
    }

    /// Ends the chunk.
    pub(crate) fn end_piece(&mut self, data: &[u8]) {
        if let Some(at) = memchr::memchr(0, data).filter(|_| !self.blind) {
            self.blind = true;
            self.refuse(&data[..at], Refusal::odd("has a zero byte"));
        }
        self.lines += memchr::memchr_iter(b'\n', data).count() as u64;
    }

    fn refuse(&mut self, before: &[u8], refusal: Refusal) {
        let line = self.lines + memchr::memchr_iter(b'\n', before).count() as u64 + 1;
        if self.refused.len() < MOST_TOLD {
            self.refused.push((Some(line), refusal));
        } else {
            self.more += 1;
        }
    }

    /// What a restore would reject, after the end of the dump.
    pub(crate) fn end(mut self, lexer: &Lexer) -> Option<Remark> {
        if self.refused.is_empty() && !self.blind {
            self.refused.extend(self.judge.end(lexer.is_cut()).map(|refusal| (None, refusal)));
        }
        let (first, hint) = self.refused.first().map(|(line, refusal)| (refusal.sentence(*line), refusal.hint()))?;
        let others = self.refused[1..].iter().map(|(line, refusal)| refusal.sentence(*line));
        let mut sentences: Vec<String> = std::iter::once(first).chain(others).collect();
        if self.more > 0 {
            sentences.push(format!("and {} more of the kind", self.more));
        }
        let subject = self.judge.name().map_or("this dump".to_owned(), |name| format!("this dump of `{name}`"));
        let message = format!("hikae cannot restore {subject}, which {}", sentences.join("; "));
        Some(Remark::new(Level::Incomplete, NOT_RESTORABLE, message).hint(hint))
    }
}
