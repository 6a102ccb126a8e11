//! Everything that one run of a recipe needs, settled before anything starts: its params, its needs, its limits.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::allowed_paths::{absolute, refuse_shared};
use super::declaration::{Declaration, MAY_LACK};
use super::expand::{Need, expand};
use super::need_paths::{named, stored};
use super::params::{self, Params, Sources};
use super::problem::gather;
use super::servers::database_servers;
use super::target::{subject, target};
use super::values::ParamValue;
pub use super::wishes::Wishes;
use crate::backup::gpg;
use crate::backup::recorder::Identity;
use crate::config::{Config, RecipeSource, Sandbox};
use crate::error::{Error, Kind, Result};
use crate::lua::coverage::Coverage;
use crate::lua::session::Ask;
use crate::report::{self, Level};
use crate::stream::sha256::Sha256;
use crate::world::Limits;
use crate::world::capability::Capability;
use crate::world::guarded::Needs;
use crate::world::http::hosts;
use crate::world::objects::declared;
use crate::world::real::account::Account;
use crate::world::real::launcher::Launcher;
use crate::world::real::{
    http, kernel, objects, orphans, path_checks, postgres, this_process, view, wall, write_folders,
};

/// The default time limit of a run.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(24 * 3600);
/// The default time limit of one effect.
const DEFAULT_EFFECT: Limits = Limits { total: Duration::from_secs(12 * 3600), idle: Duration::from_secs(30 * 60) };

/// Environment variables that name files for programs.
const NAMED_FILES: [&str; 7] =
    ["SSL_CERT_FILE", "PGPASSFILE", "PGSERVICEFILE", "PGSYSCONFDIR", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY"];

/// One run of a recipe, before it starts.
pub struct Job {
    pub config: Arc<Config>,
    pub source: RecipeSource,
    pub declaration: Declaration,
    pub params: Params,
    pub needs: Needs,
    pub run_type: String,
    /// The recipe with its `--set` values, without secrets: earlier versions counted failures by it.
    pub subject: String,
    /// The target, without secrets; failures are counted by it.
    pub target: String,
    pub limits: Limits,
    pub timeout: Duration,
    pub recipe_sha256: String,
    /// Whether all its actions were confirmed in advance.
    pub confirmed: bool,
    /// Counts the lines that run, if requested.
    pub coverage: Option<Coverage>,
    /// The view of the file tree for programs of root, once it is made.
    pub view: OnceLock<Arc<view::View>>,
    /// The process that starts other recipes, once it is forked.
    pub launcher: OnceLock<Arc<Launcher>>,
    /// The run that has started this one.
    pub parent: OnceLock<String>,
    /// Asks the person at the terminal, if there is one.
    pub ask: OnceLock<Ask>,
}

impl Job {
    /// Prepares a run of `source`; all problems with its params are reported at once.
    pub fn new(config: Arc<Config>, source: RecipeSource, declaration: Declaration, wishes: Wishes) -> Result<Job> {
        let params = resolve(&config, &source, &declaration, &wishes.set)?;
        let needs = resolve_needs(&declaration, &params)?;
        refuse_shared(&config, &declaration, &needs)?;
        let subject = subject(&source.name, &declaration, &wishes.set);
        let target = target(&source.name, &declaration, &params);
        let run_type = wishes.run_type.unwrap_or_else(|| declaration.run_type.word().to_owned());
        let limits = Limits {
            total: config.settings.limits.effect_timeout.unwrap_or(DEFAULT_EFFECT.total),
            idle: config.settings.limits.idle_timeout.unwrap_or(DEFAULT_EFFECT.idle),
        };
        let timeout = declaration.timeout.unwrap_or(DEFAULT_TIMEOUT);
        let recipe_sha256 = Sha256::of(&source.text);
        Ok(Job {
            config,
            source,
            declaration,
            params,
            needs,
            run_type,
            subject,
            target,
            limits,
            timeout,
            recipe_sha256,
            confirmed: wishes.yes,
            coverage: None,
            view: OnceLock::new(),
            launcher: OnceLock::new(),
            parent: OnceLock::new(),
            ask: OnceLock::new(),
        })
    }

    pub fn identity(&self, run_id: &str) -> Identity {
        Identity {
            run_id: run_id.to_owned(),
            recipe: self.source.name.clone(),
            recipe_sha256: self.recipe_sha256.clone(),
            kind: self.declaration.kind.word().to_owned(),
            database: self.params.get("database").map(ToString::to_string).filter(|name| !name.is_empty()),
            confirmed: self.confirmed,
        }
    }

    /// The kernel's wall around the children of this run; `None` if it is switched off.
    pub fn wall(&self) -> Option<wall::Policy> {
        let connect_ports = hosts::ports(&self.needs.connect).unwrap_or_default(); // hosts were looked at before
        let mut policy = wall::Policy {
            run: Vec::new(),
            read: self.needs.read.clone(),
            write: self.needs.write.clone(),
            connect_ports,
            sockets: self.needs.sockets.clone(),
            capabilities: self.needs.capabilities.clone(),
            detached: self.detached(),
            view: self.view.get().cloned(),
            home: self.account().ok().flatten().map(|account| account.home.clone()), // refused before
            kernel: kernel::Kernel::default(),
        };
        policy.read.extend(NAMED_FILES.iter().filter_map(|name| self.config.lookup(name)).map(PathBuf::from));
        if self.needs.run.iter().any(|program| program == gpg::PROGRAM) {
            let environment = this_process::environment();
            // Without it, gpg reports the error when it is used.
            policy.write.extend(this_process::memory_root(&environment));
            policy.read.extend(gpg::own_home(&environment));
        }
        (self.config.settings.sandbox != Sandbox::Off).then_some(policy)
    }

    /// The user for the programs, if it is not hikae's own.
    pub fn account(&self) -> Result<Option<Arc<Account>>> {
        Ok(self.needs.user.as_deref().map(Account::named).transpose()?.flatten().map(Arc::new))
    }

    /// The command lines that may leave programs running, as their params declare.
    fn detached(&self) -> Vec<Vec<String>> {
        let detaching = self.declaration.params.iter().filter(|(_, spec)| spec.detach);
        let values = detaching.filter_map(|(name, _)| match self.params.get(name)? {
            ParamValue::Commands(commands) => Some(commands.clone()),
            _ => None,
        });
        values.flatten().collect()
    }

    /// The network settings from the environment, or else from `.env`.
    pub fn network(&self) -> Vec<(String, String)> {
        let set = |name: &str| Some((name.to_owned(), self.config.lookup(name)?.to_owned()));
        http::VARIABLES
            .iter()
            .chain(&postgres::VARIABLES)
            .chain(objects::VARIABLES.iter())
            .filter_map(|name| set(name))
            .collect()
    }

    /// Builds the kernel's walls around this process, and what those of its children need. Must come before any thread exists.
    pub fn enclose_run(&self) -> Result<()> {
        self.account()?;
        orphans::adopt();
        if self.config.settings.sandbox != Sandbox::Off {
            self.needs.write.iter().try_for_each(|path| write_folders::make_room(path))?;
            self.make_view();
        }
        self.enclose()
    }

    /// Only if programs use it: a run without programs saves the time.
    fn make_view(&self) {
        if this_process::user_id() != 0 || self.needs.run.is_empty() {
            return;
        }
        // Every folder that the wall lets them write: one that is read-only in the view would not be writable.
        let Some(policy) = self.wall() else { return };
        let write = policy.write.iter().filter_map(|path| write_folders::folder_for(path)).collect();
        match view::View::of(write) {
            // The first view stays in use.
            Ok(view) => drop(self.view.set(Arc::new(view))),
            Err(error) => report::log(Level::Debug, &format!("no mount namespace: {error}"), None),
        }
    }

    /// Builds the kernel's wall around this process. Must come before any thread exists.
    pub fn enclose(&self) -> Result<()> {
        let Some(mut policy) = self.wall() else { return Ok(()) };
        // A child's wall only narrows this one, so no child may start a program that this process may not. A missing one
        // is reported by the recipe, when it is started.
        let environment = this_process::environment();
        policy.run.extend(self.needs.run.iter().filter_map(|name| this_process::find_program(name, &environment).ok()));
        policy
            .run
            .extend(self.config.token_program().and_then(|name| this_process::find_program(&name, &environment).ok()));
        policy.write.push(self.config.state_dir.clone());
        policy.read.push(self.config.dir.clone());
        policy.read.extend(self.source.folder.clone());
        if self.needs.objects.iter().any(|objects| !objects.trim().is_empty()) {
            // The key files of the vendors' own tools; `.env` may name them as well.
            let mut environment = this_process::environment();
            environment.extend(self.network());
            policy.read.extend(objects::local::settings(&environment));
        }
        let level = wall::enclose(&policy);
        let whole = level == wall::Level::Full && kernel::has_filters();
        if self.config.settings.sandbox == Sandbox::Require && !whole {
            let calls = if kernel::has_filters() { "" } else { ", without seccomp filters" };
            return Err(Error::new(
                Kind::Denied,
                format!("the kernel sandbox is `{level}`{calls}, but `hikae.toml` requires it"),
            )
            .hint(
                "it takes Linux 6.7 with Landlock and seccomp; `sandbox = \"best-effort\"` runs with what there is",
            ));
        }
        report::log(Level::Debug, &format!("kernel sandbox: {level}"), None);
        Ok(())
    }

    /// The path of the lock against a second run of this recipe on the same targets, however they are spelled.
    pub fn lock_path(&self) -> PathBuf {
        let mut hash = Sha256::default();
        for target in &self.needs.write {
            hash.update(path_checks::real(target).as_os_str().as_encoded_bytes());
            hash.update([0]);
        }
        let targets = hash.hex();
        self.config.state_dir.join("locks").join(format!("{}-{}.lock", self.source.name, &targets[..12]))
    }
}

/// The params of a recipe with their values, or all problems with them.
pub fn resolve(
    config: &Config,
    source: &RecipeSource,
    declaration: &Declaration,
    set: &[(String, String)],
) -> Result<Params> {
    let sources = Sources { recipe: &source.name, set, config };
    params::resolve(&declaration.params, &sources)
        .map_err(|problems| gather(&problems, &format!("the params of `{}`", source.name)))
}

/// The paths and services that a run may use, once its params have their values.
pub fn resolve_needs(declaration: &Declaration, params: &Params) -> Result<Needs> {
    let expand = |list: &[String], need: Need| -> Result<Vec<String>> {
        let expanded = list.iter().map(|template| expand(template, need, params)).collect::<Result<Vec<_>>>()?;
        Ok(expanded.concat())
    };
    let paths = |list: &[String]| -> Result<Vec<PathBuf>> {
        expand(list, Need::Path)?.iter().filter_map(|path| named(path)).map(|path| absolute(Path::new(&path))).collect()
    };
    let needs = &declaration.needs;
    let connect = expand(&needs.connect, Need::Connect)?;
    hosts::check(&connect)?;
    let mut objects = expand(&needs.objects, Need::Objects)?;
    for list in [&needs.read, &needs.write] {
        objects.extend(expand(list, Need::Path)?.iter().flat_map(|path| stored(path)));
    }
    declared::check(&objects)?;
    let programs: Vec<String> = needs.run.iter().map(|program| program.trim_end_matches(MAY_LACK).to_owned()).collect();
    let mut run = expand(&programs, Need::Run)?;
    run.extend(declared::programs(&objects).map(str::to_owned));
    let mut write = paths(&needs.write)?;
    write.extend(declared::folders(&objects));
    let capabilities = expand(&needs.capabilities, Need::Name)?;
    let (database_hosts, database_ports) = database_servers(params);
    Ok(Needs {
        run,
        read: paths(&needs.read)?,
        write,
        connect,
        objects,
        database_hosts,
        database_ports,
        sockets: paths(&needs.sockets)?,
        capabilities: capabilities.iter().map(|name| Capability::named(name)).collect::<Result<_>>()?,
        recipes: expand(&needs.recipes, Need::Name)?,
        user: expand(needs.user.as_slice(), Need::Name)?.into_iter().next().filter(|name| !name.is_empty()),
    })
}
