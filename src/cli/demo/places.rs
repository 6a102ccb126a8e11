//! The chapter of ten lines: a folder is packed, encrypted, stored in two places at once, and restored from one of them.

use super::narrator::{Narrator, Shell};
use crate::error::{Error, Kind, Result};

const RECIPE: &str = include_str!("places.lua");
/// What the chapter types beside hikae; a machine without them has no such chapter.
const PROGRAMS: [&str; 3] = ["age", "age-keygen", "zstd"];

pub async fn play(narrator: &Narrator<'_>) -> Result<()> {
    for program in PROGRAMS {
        if narrator.own.which(program).await?.is_none() {
            return Ok(());
        }
    }
    narrator
        .title("7. Ten lines: packed, encrypted, in two places", "7. 十行のレシピ: まとめて、暗号化して、二か所に")?;
    narrator.say(
        "A recipe of one's own. The key that decrypts the backup is not needed to make it:\n\
         in real life it is elsewhere.",
        "自分で書いたレシピです。バックアップの作成に復号鍵は要りません。\n本番では、鍵は別の場所に保管します。",
    )?;
    set_up(narrator).await?;
    narrator.types(Shell::Cron, "mkdir site && echo '<h1>English café</h1>' > site/index.html", 0).await?;
    let made = narrator.types(Shell::Cron, "age-keygen -o identity.txt", 0).await?;
    let Some(recipient) = made.split_whitespace().find(|word| word.starts_with("age1")) else {
        return Err(Error::new(Kind::Other, "`age-keygen` showed no recipient")
            .hint("`age-keygen --version` says which one it is"));
    };
    narrator.types(Shell::Cron, "cat recipes/places.lua", 0).await?;
    narrator.types(Shell::Cron, &format!("hikae run places --set to={recipient}"), 0).await?;
    narrator.say(
        "One reading, two proved copies. Each was read back and decrypted before it had a\n\
         name, with a key that only this run had. One copy is lost, the site as well:",
        "一度の読み取りで、検証済みのコピーが二つ。それぞれ正式な名前が付く前に読み戻し、\n\
         この実行だけが持つ鍵で復号して確かめました。片方のコピーとサイトを失っても:",
    )?;
    let manifest = narrator.types(Shell::Cron, "rm -r here site; grep restore there/*.manifest.json", 0).await?;
    let line = manifest.split('"').nth(3).unwrap_or_default().replace("identity.txt", "../identity.txt");
    narrator.types(Shell::Cron, &format!("cd there && {line}"), 0).await?;
    narrator.types(Shell::Cron, "cat site/index.html", 0).await.map(drop)
}

/// The recipe, and the values of its params.
async fn set_up(narrator: &Narrator<'_>) -> Result<()> {
    let (own, folder) = (&narrator.own, &narrator.folder);
    own.mkdir(&folder.join("recipes"), 0o755).await?;
    own.write(&folder.join("recipes/places.lua"), RECIPE.into(), 0o644, false).await?;
    let at = |name: &str| toml::Value::String(folder.join(name).display().to_string());
    let values = ["site", "here", "there"].map(|name| format!("{name} = {}\n", at(name)));
    let before = own.read(&folder.join("hikae.toml"), 1 << 20).await?;
    let text = format!("{}[params.places]\n{}", String::from_utf8_lossy(&before), values.concat());
    own.write(&folder.join("hikae.toml"), text.into(), 0o600, true).await
}
