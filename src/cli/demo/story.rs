//! The demo's chapters: a proved backup, three honest failures, the record, the restore, a recipe of ten lines, and the whole night.

use std::path::Path;

use super::narrator::{Narrator, Shell};
use super::server::Server;
use super::{night, places};
use crate::cli::scratch::{run, words};
use crate::config::Language;
use crate::error::{Error, Kind, Result};
use crate::world::program::{ask, failure};
use crate::world::real::this_process;
use crate::world::{Caller, Command, SecretOrText};

const CAFE: &str = include_str!("cafe.sql");
const DATABASE: &str = "english_cafe_db";
/// One row of counts, before and after.
const COUNTS: &str = "psql -d english_cafe_db -c 'SELECT * FROM row_counts'";
const LISTING: &str = "ls -goA backups";

pub async fn play(narrator: &Narrator<'_>, server: &mut Server) -> Result<()> {
    let folder = narrator.folder.display();
    narrator.say(
        &format!(
            "A demo of hikae on a PostgreSQL of its own. Everything happens in\n{folder}, and is gone at the end."
        ),
        &format!("hikae のデモです。専用の PostgreSQL を {folder} の中で動かし、\n終わるとすべて片付けます。"),
    )?;
    let counts = database(narrator, server).await?;
    let (backup, listing) = backup(narrator).await?;
    break_table(narrator, server).await?;
    let failed = honest_failure(narrator, &listing).await?;
    two_more(narrator, &listing).await?;
    record(narrator, &failed).await?;
    restore(narrator, server, &backup, &counts).await?;
    places::play(narrator).await?;
    night::play(narrator).await
}

/// The last words, when nothing of the demo is left.
pub fn farewell(narrator: &Narrator<'_>) -> Result<()> {
    narrator.say(
        "That was all: the server is stopped, and its folder is gone.\n\
         For a backup of your own: README.md, `hikae show db-backup`, `hikae check db-backup`.",
        "デモは以上です。サーバーは止まり、フォルダーも消えました。\n\
         ご自分のバックアップは README.ja.md、`hikae show db-backup`、`hikae check db-backup` から。",
    )
}

/// Starts the server, fills it, and makes a configuration folder; gives the counts of the tables as they are shown.
async fn database(narrator: &Narrator<'_>, server: &mut Server) -> Result<String> {
    narrator
        .title("1. A small English café keeps its customers in PostgreSQL", "1. 小さな英会話カフェの PostgreSQL")?;
    narrator.say(
        "A PostgreSQL server starts on a free port of this machine, with sample data.",
        "空いているポートで PostgreSQL を起動し、見本のデータを入れます。",
    )?;
    server.start(&narrator.folder).await?;
    let own = &narrator.own;
    load(own, server, &format!("CREATE DATABASE {DATABASE}"), "postgres").await?;
    load(own, server, CAFE, DATABASE).await?;
    set_up(own, server, &narrator.folder, narrator.language()).await?;
    let client = server.client();
    let counts = narrator.types(client, COUNTS, 0).await?;
    narrator.types(client, "psql -d english_cafe_db -c 'SELECT * FROM lesson_list LIMIT 3'", 0).await?;
    Ok(counts)
}

async fn load(own: &Caller, server: &Server, sql: &str, database: &str) -> Result<()> {
    let mut psql = Command::new(server.bin().join("psql").display().to_string());
    psql.args = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-", "-d", database].map(str::to_owned).into();
    psql.env = server.client().env();
    psql.stdin = true;
    let (_, exit) = ask(own, psql, Some(&SecretOrText::Plain(sql.to_owned())), crate::cli::scratch::MAX_SAID).await?;
    if exit.success() { Ok(()) } else { Err(failure("psql", &exit)) }
}

/// What a newcomer would write: the folder with a `hikae.toml` is the configuration folder of those who stand in it.
async fn set_up(own: &Caller, server: &Server, folder: &Path, language: Language) -> Result<()> {
    let lang = if language == Language::Ja { "ja" } else { "en" };
    let toml = format!("state_dir = \"state\"\nlang = \"{lang}\"\n");
    own.write(&folder.join("hikae.toml"), toml.into(), 0o600, false).await?;
    let (port, password) = (server.port, server.password.expose());
    let backups = folder.join("backups");
    let env = format!(
        "DB_HOST=127.0.0.1\nDB_PORT={port}\nDB_NAME={DATABASE}\nDB_USER=postgres\nDB_PASSWORD={password}\n\
         BACKUP_DIR={}\nRETENTION_DAYS=30\n",
        backups.display()
    );
    own.write(&folder.join(".env"), env.into(), 0o600, false).await?;
    let bin = folder.join("bin");
    own.mkdir(&bin, 0o755).await?;
    let program = this_process::own_program()?.display().to_string();
    let link = Command { args: words(["-s", "--", &program], &bin.join("hikae")), ..Command::new("ln") };
    run(own, link).await.map(drop)
}

/// The nightly backup; gives its file name, and the listing of the folder.
async fn backup(narrator: &Narrator<'_>) -> Result<(String, String)> {
    narrator.title("2. The nightly backup", "2. 毎晩のバックアップ")?;
    narrator.say(
        "All settings of hikae are in one file. cron's environment is empty;\nhere it is empty as well.",
        "設定はこの一つのファイルだけです。cron の環境は空なので、ここでも空にします。",
    )?;
    narrator.types(Shell::Cron, "cat .env", 0).await?;
    narrator.types(Shell::Cron, "hikae run db-backup", 0).await?;
    narrator.say(
        "Success is a proof: pg_dump exited 0, the dump's end was seen, its rows were\n\
         counted as they passed, every byte is on the disk. Only then was it named.\n\
         The folder and its files were closed to other users from the first byte.",
        "「成功」は証明です。pg_dump が終了コード 0 で終わり、ダンプの終端を確認し、通過する行を数え、\n\
         全バイトをディスクに書き終えてから、はじめて正式な名前が付きます。\n\
         フォルダーもファイルも、最初の 1 バイトから他のユーザーには読めません。",
    )?;
    narrator.types(Shell::Cron, "ls -god backups", 0).await?;
    let listing = narrator.types(Shell::Cron, LISTING, 0).await?;
    narrator.say(
        "Beside the backup is its manifest. It says what is in it, and how to restore\nit without hikae.",
        "バックアップの隣のマニフェストには、内容と、hikae なしで復旧する方法が書いてあります。",
    )?;
    let manifest = narrator.types(Shell::Cron, "cat backups/*.manifest.json", 0).await?;
    let manifest: serde_json::Value = serde_json::from_str(&manifest)
        .map_err(|cause| Error::new(Kind::Other, "cannot read the manifest").because(cause))?;
    Ok((manifest["restore"].as_str().unwrap_or_default().to_owned(), listing))
}

/// Removes the file of a table while the server runs, as a failing disk would.
async fn break_table(narrator: &Narrator<'_>, server: &Server) -> Result<()> {
    narrator.title("3. The disk loses a table", "3. ディスクがテーブルを失う")?;
    narrator.say(
        "Now one of the four tables loses its file, as on a failing disk. pg_dump will\ndie half-way: after two tables, with an error.",
        "四つのテーブルの一つのファイルを、壊れたディスクのように消します。\npg_dump は二つのテーブルの後、途中で死ぬことになります。",
    )?;
    let client = server.client();
    let sql = "CHECKPOINT; SELECT pg_relation_filepath($$lessons$$)";
    let file = narrator.types(client, &format!("psql -qAtd {DATABASE} -c '{sql}'"), 0).await?;
    narrator.types(Shell::Cron, &format!("rm server/data/{file}"), 0).await.map(drop)
}

/// Gives the id of the run that failed.
async fn honest_failure(narrator: &Narrator<'_>, listing: &str) -> Result<String> {
    let said = narrator.types(Shell::Cron, "hikae run db-backup", 1).await?;
    narrator.say(
        "Exit code 1, PostgreSQL's own words, the line of the recipe. And in the folder:\n\
         no half dump under any name, and the good backup is still there.",
        "終了コード 1、PostgreSQL 自身の言葉、レシピの行番号。フォルダーには\n\
         途中のダンプはどんな名前でも残らず、前のバックアップはそのままです。",
    )?;
    same_listing(narrator, listing).await?;
    let id = said.split(['(', ')']).find(|word| word.starts_with("BKP-")).unwrap_or_default();
    Ok(id.to_owned())
}

/// Shows the folder again; what changed in it ends the story.
async fn same_listing(narrator: &Narrator<'_>, before: &str) -> Result<()> {
    if narrator.types(Shell::Cron, LISTING, 0).await? == before {
        return Ok(());
    }
    Err(Error::new(Kind::Integrity, "the failed run changed the folder of backups").hint("please report this"))
}

async fn two_more(narrator: &Narrator<'_>, listing: &str) -> Result<()> {
    narrator.title("4. A wrong password, and a typo", "4. パスワードの間違いと、打ち間違い")?;
    narrator.types(Shell::Cron, "DB_PASSWORD=letmein hikae run db-backup", 1).await?;
    narrator.types(Shell::Cron, "hikae run db-backup --set day=7", 64).await?;
    narrator.say("Neither touched a backup:", "どちらもバックアップには触れていません:")?;
    same_listing(narrator, listing).await
}

async fn record(narrator: &Narrator<'_>, failed: &str) -> Result<()> {
    narrator.title("5. What happened last night?", "5. 昨夜、何が起きた?")?;
    narrator.types(Shell::Cron, "hikae runs | cut -c 1-79", 0).await?;
    narrator.types(Shell::Cron, &format!("hikae runs show {failed}"), 0).await.map(drop)
}

/// The way back, by the manifest's own line; the tables must then be as they were.
async fn restore(narrator: &Narrator<'_>, server: &Server, line: &str, counts: &str) -> Result<()> {
    narrator.title("6. The way back", "6. 復旧")?;
    narrator.say(
        "The database is broken, the backup is not. The manifest's own line restores it,\nwith standard tools only.",
        "データベースは壊れましたが、バックアップは無事です。\nマニフェストの一行で、標準のツールだけで復旧します。",
    )?;
    let client = server.client();
    narrator.types(client, &format!("cd backups && {line} > ../restored.log"), 0).await?;
    if narrator.types(client, COUNTS, 0).await? == counts {
        return Ok(());
    }
    Err(Error::new(Kind::Integrity, "the restored database is not as it was").hint("please report this"))
}
