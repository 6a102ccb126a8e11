-- The benchmark's database: what a booking site of some size has. The same rows each time, so that runs compare.
-- `contacts`, `sessions` and `admins` are the numbers of rows.
SELECT setseed(0.42);

CREATE FUNCTION pick(words text[]) RETURNS text LANGUAGE sql VOLATILE
    RETURN words[1 + floor(random() * array_length(words, 1))::int];

CREATE TABLE contacts (
    id int PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL,
    phone text,
    subject text NOT NULL,
    message text NOT NULL,
    status text NOT NULL,
    created_at timestamptz NOT NULL
);
INSERT INTO contacts
SELECT n,
    pick('{佐藤,鈴木,高橋,田中,伊藤,渡辺,山本,中村,小林,加藤,吉田,山田,佐々木,山口,松本}') || ' '
        || pick('{太郎,花子,健太,美咲,翔,陽菜,大輔,愛,拓也,結衣,直樹,さくら,誠,葵}'),
    'user' || n || '.' || substr(md5(random()::text), 1, 6) || '@' || pick('{example.com,example.jp,mail.example.ne.jp}'),
    '0' || (70 + floor(random() * 3) * 10)::int || '-' || lpad(floor(random() * 10000)::text, 4, '0') || '-'
        || lpad(floor(random() * 10000)::text, 4, '0'),
    pick('{体験レッスンについて,料金プランのご相談,予約の変更,英会話カフェの場所,法人契約のお問い合わせ,キャンセルについて}'),
    (SELECT string_agg(
        pick('{お世話になっております。,初めてご連絡いたします。,いつもありがとうございます。,こんにちは。}')
        || pick('{先日の体験レッスンがとても楽しかったので、,来月から子どもと一緒に、,仕事で英語を使うことが増えたため、,友人の紹介でこちらを知り、,海外出張の前に、}')
        || pick('{週末のクラスに参加したいと考えています。,料金の詳細を教えていただけますでしょうか。,予約の日時を変更していただきたいです。,オンラインでの受講は可能でしょうか。,見学に伺いたいと思います。}')
        || pick('{希望は,第一希望は,できれば,""}') || (1 + floor(random() * 12)::int) || '月' || (1 + floor(random() * 28)::int)
        || '日の' || (9 + floor(random() * 12)::int) || '時です。' || pick('{よろしくお願いいたします。,ご返信をお待ちしております。,""}'),
        '\n') FROM generate_series(1, 1 + n % 5) WHERE n > 0),
    pick('{new,open,answered,closed}'),
    timestamptz '2024-01-01 00:00+09' + n * interval '83 seconds' + random() * interval '1 hour'
FROM generate_series(1, :contacts) AS n;

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    contact_id int NOT NULL,
    token text NOT NULL,
    data jsonb NOT NULL,
    expires_at timestamptz NOT NULL
);
INSERT INTO sessions
SELECT md5(random()::text || n)::uuid, 1 + floor(random() * :contacts)::int,
    md5(random()::text) || md5(random()::text), jsonb_build_object(
        'csrf', md5(random()::text), 'trace', md5(random()::text)::uuid,
        'ip', '192.0.2.' || floor(random() * 256)::int, 'lang', pick('{ja,ja,ja,en}'), 'visits', floor(random() * 90)::int,
        'agent', pick('{Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36,Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15,Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Gecko/20100101 Firefox/126.0}'),
        'cart', jsonb_build_array('lesson-' || floor(random() * 40)::int, 'lesson-' || floor(random() * 40)::int)),
    timestamptz '2026-01-01 00:00+09' + random() * interval '60 days'
FROM generate_series(1, :sessions) AS n;

CREATE TABLE admins (id int PRIMARY KEY, name text NOT NULL, email text UNIQUE NOT NULL, password_hash text NOT NULL);
INSERT INTO admins
SELECT n, '管理者 ' || n, 'admin' || n || '@example.jp', '$2b$12$' || md5(random()::text) || substr(md5(random()::text), 1, 21)
FROM generate_series(1, :admins) AS n;

DROP FUNCTION pick;
CREATE INDEX contacts_by_status ON contacts (status, created_at);
CREATE INDEX sessions_by_contact ON sessions (contact_id);
