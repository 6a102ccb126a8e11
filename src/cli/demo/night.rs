//! The chapter of the night: one command backs up the database, the configuration, the logs and a git repository, and reports to Slack.

use super::narrator::{Narrator, Shell};
use crate::error::Result;

/// What the chapter types beside hikae; a machine without them has no such chapter.
const PROGRAMS: [&str; 3] = ["git", "tar", "python3"];
/// Takes the place of Slack.
const SLACK: &str = include_str!("slack.py");

pub async fn play(narrator: &Narrator<'_>) -> Result<()> {
    for program in PROGRAMS {
        if narrator.own.which(program).await?.is_none() {
            return Ok(());
        }
    }
    narrator.title("8. The whole night in one command", "8. 一晩分をひとつのコマンドで")?;
    narrator.say(
        "The application has a configuration with a password in it, logs, and its code in git.",
        "アプリケーションには、パスワード入りの設定、ログ、Git のコードがあります。",
    )?;
    set_up(narrator).await?;
    let files = "mkdir app log && echo 'services: {}' > app/docker-compose.yml && echo 'GET /lessons' > log/access.log";
    narrator.types(Shell::Cron, files, 0).await?;
    narrator.types(Shell::Cron, "echo 'DATABASE_URL=postgres://cafe:latte@db/cafe' > app/.env", 0).await?;
    let commit = "git init -q code && git -C code -c user.name=cafe -c user.email=cafe@example.com commit -q --allow-empty -m first";
    narrator.types(Shell::Cron, commit, 0).await?;
    narrator.say(
        "In the place of Slack, a receiver on this machine takes the message about the night.",
        "Slack の代わりに、このマシン上の受信プログラムが通知を受け取ります。",
    )?;
    narrator.types(Shell::Cron, "python3 slack.py hikae run full-backup", 0).await?;
    narrator.types(Shell::Cron, "cat slack.json", 0).await?;
    narrator.say(
        "Each step was a run of its own, with its own lock, record and walls. A step that\n\
         fails or hangs stops no other, and the end says so. The password stayed at home:",
        "手順はそれぞれ独立した実行で、ロック、記録、権限の壁も別々です。失敗や停止は他の手順を止めず、\n\
         最後に必ず報告されます。パスワードは保存されていません:",
    )?;
    narrator.types(Shell::Cron, "hikae runs --limit 6", 0).await?;
    let variables = "tar -xzOf night/config/*.tar.gz --wildcards '*/env_vars.txt'";
    narrator.types(Shell::Cron, variables, 0).await.map(drop)
}

/// The values of the params.
async fn set_up(narrator: &Narrator<'_>) -> Result<()> {
    let (own, folder) = (&narrator.own, &narrator.folder);
    let at = |name: &str| toml::Value::String(folder.join(name).display().to_string());
    let text = format!(
        "[params.full-backup]\nroot = {}\n[params.config-backup]\napp_dir = {}\nenv_file = {}\n[params.log-backup]\ndirs = [{}]\n\
         [params.git-backup]\nurl = [{}]\n[params.backup-monitor]\nmin_size = \"1 kB\"\nrecipes = false\n",
        at("night"),
        at("app"),
        at("app/.env"),
        at("log"),
        toml::Value::String(format!("file://{}", folder.join("code").display())),
    );
    let before = own.read(&folder.join("hikae.toml"), 1 << 20).await?;
    let text = format!("{}{text}", String::from_utf8_lossy(&before));
    own.write(&folder.join("slack.py"), SLACK.into(), 0o644, false).await?;
    own.write(&folder.join("hikae.toml"), text.into(), 0o600, true).await
}
