//! Starts a real object store on loopback, which takes only what is signed, and ends with the tests.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, LazyLock};

use hikae::secret::Secret;
use hikae::world::http::Address;
use hikae::world::objects::{Keys, Store, StoreKind};
use serde_json::Value;

use super::program::Hikae;

const INSTALL: &str = "this test needs an object store; install it with: scripts/install-object-store";
const SCRIPT: &str = include_str!("objects/server.py");
pub const PYTHON: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/object-store/bin/python");

pub const REGION: &str = "ap-northeast-1";

/// An object store that runs.
pub struct ObjectStore {
    pub port: u16,
    keys: Value,
    #[expect(dead_code, reason = "it ends when its standard input does, with this process")]
    child: Child,
}

/// A site whose backups go to a bucket of its own on the object store of the tests.
pub fn with_store(hikae: Hikae) -> Hikae {
    let store = ObjectStore::shared();
    let (access_key, secret_key) = store.keys("owner");
    hikae
        .env("AWS_ACCESS_KEY_ID", &access_key)
        .env("AWS_SECRET_ACCESS_KEY", &secret_key)
        .env("AWS_ENDPOINT_URL", &store.endpoint())
        .env("AWS_REGION", REGION)
}

static SHARED: LazyLock<ObjectStore> = LazyLock::new(ObjectStore::start);

impl ObjectStore {
    /// One for all tests of this process: each has buckets of its own.
    pub fn shared() -> &'static ObjectStore {
        &SHARED
    }

    fn start() -> ObjectStore {
        let mut command = Command::new(PYTHON);
        command.args(["-c", SCRIPT]).env("PYTHONWARNINGS", "ignore");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{INSTALL}\n{error}"));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let Some(Ok(line)) = lines.next() else {
            let output = child.wait_with_output().unwrap();
            panic!("{INSTALL}\n{}", String::from_utf8_lossy(&output.stderr));
        };
        // What it says from here on nobody reads: it must not wait for that.
        std::thread::spawn({
            let errors = child.stderr.take().unwrap();
            move || BufReader::new(errors).lines().for_each(drop)
        });
        let keys: Value = serde_json::from_str(&line).unwrap();
        ObjectStore { port: keys["port"].as_u64().unwrap() as u16, keys, child }
    }

    /// Makes a bucket; `more` goes on with the arguments, such as `, ObjectLockEnabledForBucket=True`.
    pub fn make_bucket(&self, bucket: &str, more: &str) {
        self.python(&format!(
            "s3.create_bucket(Bucket='{bucket}', CreateBucketConfiguration={{'LocationConstraint': '{REGION}'}}{more})"
        ));
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The keys of `owner`, who may all, or of `stranger`, who may nothing.
    pub fn keys(&self, who: &str) -> (String, String) {
        let of = |name: &str| self.keys[who][name].as_str().unwrap().to_owned();
        (of("access_key"), of("secret_key"))
    }

    /// A bucket of this store, as its owner asks for it.
    pub fn bucket(&self, name: &str) -> Arc<Store> {
        let (access_key, secret_key) = self.keys("owner");
        let keys = Keys { access_key, secret_key: Secret::new(secret_key), session_token: None };
        Arc::new(Store {
            endpoint: Some(Address::parse(&self.endpoint()).unwrap()),
            region: Some(REGION.to_owned()),
            path_style: Some(true),
            keys: Some(keys),
            ..Store::new(StoreKind::S3, name)
        })
    }

    /// Runs a few lines of Python with `s3`, a client of the owner's, and gives what they print.
    pub fn python(&self, lines: &str) -> String {
        let (access_key, secret_key) = self.keys("owner");
        let begin = format!(
            "import boto3\ns3 = boto3.client('s3', endpoint_url='{}', region_name='{REGION}', aws_access_key_id='{access_key}', \
             aws_secret_access_key='{secret_key}')\n",
            self.endpoint()
        );
        let output = Command::new(PYTHON).args(["-c", &format!("{begin}{lines}")]).output().expect(INSTALL);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The unfinished uploads of a bucket, each with its key and how many parts it has.
    pub fn unfinished(&self, bucket: &str) -> Vec<(String, usize)> {
        let said = self.python(&format!(
            "for u in s3.list_multipart_uploads(Bucket='{bucket}').get('Uploads', []):\n  \
             p = s3.list_parts(Bucket='{bucket}', Key=u['Key'], UploadId=u['UploadId'])\n  \
             print(len(p.get('Parts', [])), u['Key'])\n"
        ));
        let line = |line: &str| line.split_once(' ').map(|(count, key)| (key.to_owned(), count.parse().unwrap()));
        said.lines().filter_map(line).collect()
    }
}
