//! Refuses every effect that the recipe did not declare.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use futures_util::future::BoxFuture;

use super::capability::Capability;
use super::http::{Address, hosts};
use super::mail::Server;
use super::objects::ask::StoreAsk;
use super::objects::{Object, Store, declared};
use super::paths::plain;
use super::postgres::{DEFAULT_PORT, Login};
use super::{Command, Effect, ListQuery, Reply, Request, World};
use crate::error::{Error, Kind, Result, Site};

/// Everything that a recipe may touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Programs, by name or by absolute path, exactly as they are called.
    pub run: Vec<String>,
    /// Readable files, and folders with everything below them.
    pub read: Vec<PathBuf>,
    /// Readable and writable files and folders.
    pub write: Vec<PathBuf>,
    /// Hosts, with or without a port; `*.domain` for all hosts below it; or URLs, of which only host and port count.
    pub connect: Vec<String>,
    /// `s3://bucket/key`; with a `*` or a `/` at its end, all keys with that prefix; a bucket alone means everything in it.
    pub objects: Vec<String>,
    /// The database servers named by the params of the recipe: hosts, or folders of sockets.
    pub database_hosts: Vec<String>,
    /// Their ports, in addition to the default one.
    pub database_ports: Vec<u16>,
    /// Unix sockets that its programs may use.
    pub sockets: Vec<PathBuf>,
    /// Root privileges that its programs keep.
    pub capabilities: Vec<Capability>,
    /// Recipes that it may run.
    pub recipes: Vec<String>,
    /// The system user that runs its programs and connects to its databases.
    pub user: Option<String>,
}

/// A world in which only the declared effects are performed.
pub struct Guarded<W> {
    inner: W,
    needs: Needs,
    /// Declared files that did not exist before the run wrote them.
    written: Mutex<Vec<PathBuf>>,
    refused: Mutex<Vec<Error>>,
}

impl<W> Guarded<W> {
    pub fn new(inner: W, needs: Needs) -> Result<Guarded<W>> {
        hosts::check(&needs.connect)?;
        declared::check(&needs.objects)?;
        let all_plain = |paths: &[PathBuf]| paths.iter().map(|path| plain(path)).collect::<Result<Vec<_>>>();
        let (read, write) = (all_plain(&needs.read)?, all_plain(&needs.write)?);
        Ok(Guarded {
            inner,
            needs: Needs { read, write, ..needs },
            written: Mutex::default(),
            refused: Mutex::default(),
        })
    }

    /// The refused effects, in order, each with its place in the recipe.
    pub fn refused(&self) -> Vec<Error> {
        lock(&self.refused).clone()
    }

    /// The effect in the form in which it is to be performed.
    fn permitted(&self, request: &Request) -> Result<Effect> {
        let permitted = request.effect.clone().checked().and_then(|effect| {
            self.needs.permit(&effect)?;
            match &effect {
                Effect::Remove { path } => self.may_take_away("remove", path)?,
                Effect::RemoveMany { paths } => {
                    paths.iter().try_for_each(|path| self.may_take_away("remove", path))?;
                }
                Effect::Rename { from, .. } => self.may_take_away("rename", from)?,
                _ => {}
            }
            Ok(effect)
        });
        permitted.map_err(|error| self.refuse(error, request.site.clone()))
    }

    /// The kernel allows no removal of a name from an undeclared folder, except for files that the run itself wrote there:
    /// for a missing file, the sandbox includes the folder above it.
    fn may_take_away(&self, verb: &str, path: &Path) -> Result<()> {
        let held_above = path.parent().is_some_and(|above| holds(&self.needs.write, above));
        match held_above || lock(&self.written).iter().any(|written| written == path) {
            true => Ok(()),
            false => Err(Error::new(Kind::Denied, format!("the recipe may not {verb} `{}` itself", path.display()))
                .because_text("its needs declare its content, and not its name")
                .hint(format!("declare the folder above: `write = {{ {:?} }}`", above(path).display().to_string()))),
        }
    }

    fn refuse(&self, error: Error, site: Option<Site>) -> Error {
        lock(&self.refused).push(error.clone().at(site));
        error
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(|broken| broken.into_inner())
}

impl Needs {
    fn permit(&self, effect: &Effect) -> Result<()> {
        match effect {
            Effect::Open { path } | Effect::Read { path, .. } | Effect::Stat { path } => {
                self.may_read(path, above(path))
            }
            Effect::Pack(packing) => packing.roots.iter().try_for_each(|root| self.may_read(&root.path, &root.path)),
            Effect::List(ListQuery { dir: path, .. }) | Effect::DiskFree { path } => self.may_read(path, path),
            Effect::Create { path, .. }
            | Effect::Write { path, .. }
            | Effect::Remove { path }
            | Effect::SetMode { path, .. }
            | Effect::SetOwner { path, .. }
            | Effect::Lock { path } => self.may_write(path, above(path)),
            Effect::RemoveMany { paths } => paths.iter().try_for_each(|path| self.may_write(path, above(path))),
            Effect::MakeDir { path, .. } | Effect::Sweep { dir: path } => self.may_write(path, path),
            Effect::Rename { from, to } => {
                self.may_write(from, above(from))?;
                self.may_write(to, above(to))
            }
            Effect::Spawn(command) => self.may_run(command),
            Effect::Get(object) | Effect::StatObject(object) | Effect::RemoveObject(object) => self.may_touch(object),
            Effect::Put(put) => self.may_touch(&put.object),
            Effect::ListObjects { store, prefix } => {
                let declared = declared::holds(&self.objects, store, prefix, true)?;
                self.may_ask(store, declared, "list", &store.title_of(prefix), &format!("{}*", store.title_of(prefix)))
            }
            Effect::MakeBucket(store) => {
                let declared = declared::holds_bucket(&self.objects, store)?;
                let container = store.container();
                self.may_ask(store, declared, "make", &container, &container)
            }
            Effect::AskStore(ask) => match &**ask {
                StoreAsk::Thaw { object, .. } => self.may_touch(object),
                StoreAsk::Lifecycle(store) | StoreAsk::SetLifecycle { store, .. } => {
                    let (declared, container) = (declared::holds_bucket(&self.objects, store)?, store.container());
                    self.may_ask(store, declared, ask.verb(), &container, &container)
                }
            },
            Effect::Request(request) => self.may_connect(&request.url),
            Effect::Upload(upload) => self.may_connect(&upload.request.url),
            Effect::Connect(login) => self.may_log_in(login),
            Effect::Send(mail) => self.may_mail(&mail.server),
            Effect::RunRecipe(run) => match self.recipes.contains(&run.recipe) {
                true => Ok(()),
                false => Err(not_in_needs("run the recipe", &run.recipe, "recipes", &run.recipe)),
            },
            // These touch nothing that exists already.
            Effect::Which { .. } | Effect::Sleep { .. } | Effect::MakeMemoryDir { .. } => Ok(()),
        }
    }

    fn may_read(&self, path: &Path, hint: &Path) -> Result<()> {
        match holds(&self.read, path) || holds(&self.write, path) {
            true => Ok(()),
            false => Err(undeclared("read", &path.display().to_string(), &hint.display().to_string())),
        }
    }

    fn may_write(&self, path: &Path, hint: &Path) -> Result<()> {
        match holds(&self.write, path) {
            true => Ok(()),
            false => Err(undeclared("write", &path.display().to_string(), &hint.display().to_string())),
        }
    }

    fn may_connect(&self, address: &Address) -> Result<()> {
        match hosts::declared(&self.connect, address.host(), address.port())? {
            true => Ok(()),
            false => Err(undeclared("connect to", &address.authority(), &address.authority())),
        }
    }

    fn may_touch(&self, object: &Object) -> Result<()> {
        let declared = declared::holds(&self.objects, &object.store, object.key(), false)?;
        let title = object.to_string();
        let folder = title.rsplit_once('/').map_or(&*title, |(folder, _)| folder);
        self.may_ask(&object.store, declared, "touch", &title, &format!("{folder}/*"))
    }

    /// Checks what is declared for a store; a store other than Amazon's must also be declared as a server.
    fn may_ask(&self, store: &Store, declared: bool, verb: &str, title: &str, hint: &str) -> Result<()> {
        // An endpoint from the environment is the operator's choice, not the recipe's.
        match &store.endpoint {
            _ if !declared => Err(not_in_needs(verb, title, "objects", hint)),
            Some(endpoint) => self.may_connect(endpoint),
            None => Ok(()),
        }
    }

    fn may_run(&self, command: &Command) -> Result<()> {
        if !self.run.contains(&command.program) {
            return Err(undeclared("run", &command.program, &command.program));
        }
        command.cwd.iter().try_for_each(|cwd| self.may_read(cwd, cwd))
    }

    /// The user names the database server in a param; a server chosen by the recipe must be declared. A socket in a folder
    /// that the recipe may write belongs to a server that the run started.
    fn may_log_in(&self, login: &Login) -> Result<()> {
        let Some(host) = &login.host else { return Ok(()) };
        let port = login.port.unwrap_or(DEFAULT_PORT);
        let known =
            |host: &str| self.database_hosts.iter().flat_map(|known| known.split(',')).any(|known| known == host);
        if host.starts_with('/') {
            return match known(host) || holds(&self.write, Path::new(host)) {
                true => Ok(()),
                false => Err(undeclared_server(host)),
            };
        }
        let usual = port == DEFAULT_PORT || self.database_ports.contains(&port);
        for host in host.split(',') {
            if !(known(host) && usual || hosts::declared(&self.connect, host, port)?) {
                return Err(undeclared_server(&format!("{host}:{port}")));
            }
        }
        Ok(())
    }

    fn may_mail(&self, server: &Server) -> Result<()> {
        match hosts::declared(&self.connect, &server.host, server.port)? {
            true => Ok(()),
            false => Err(undeclared("connect to", &server.address(), &server.address())),
        }
    }
}

fn holds(declared: &[PathBuf], path: &Path) -> bool {
    declared.iter().any(|root| path.starts_with(root))
}

/// The folder to declare for a file.
fn above(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("/") => folder,
        _ => path,
    }
}

fn undeclared(verb: &str, object: &str, hint: &str) -> Error {
    not_in_needs(verb, object, verb.trim_end_matches(" to"), hint)
}

fn undeclared_server(server: &str) -> Error {
    Error::new(Kind::Denied, format!("the recipe may not connect to the database server `{server}`"))
        .because_text("no param names it")
        .hint(format!("let a param name it, or add `connect = {{ {server:?} }}` to the recipe's needs"))
}

fn not_in_needs(verb: &str, object: &str, need: &str, hint: &str) -> Error {
    Error::new(Kind::Denied, format!("the recipe may not {verb} `{object}`"))
        .hint(format!("add `{need} = {{ {hint:?} }}` to its needs"))
}

impl<W: World> World for Guarded<W> {
    fn perform(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            let effect = self.permitted(&request)?;
            let written = match &effect {
                Effect::Create { path, .. } | Effect::Write { path, .. } => Some(path.clone()),
                _ => None,
            };
            let reply = self.inner.perform(Request { effect, ..request }).await?;
            lock(&self.written).extend(written.filter(|path| self.needs.write.contains(path)));
            Ok(reply)
        })
    }

    fn permits(&self, request: &Request) -> Result<()> {
        self.permitted(request).map(drop)
    }

    rest_from!(unguarded self => self.inner);
}
