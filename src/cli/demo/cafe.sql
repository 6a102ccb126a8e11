-- A small English conversation café: what a real application's database looks like, in some thousand rows.
CREATE TABLE admins (
    id     int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email  text NOT NULL UNIQUE,
    name   text NOT NULL
);
CREATE TABLE contacts (
    id          int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL,
    email       text NOT NULL CHECK (email LIKE '%@%'),
    message     text NOT NULL,
    thread      text NOT NULL,
    answered_by int REFERENCES admins (id),
    created_at  timestamptz NOT NULL
);
CREATE INDEX contacts_by_day ON contacts (created_at);
CREATE SEQUENCE receipt_numbers START 20001;
CREATE TABLE lessons (
    id         int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contact_id int NOT NULL REFERENCES contacts (id),
    topic      text NOT NULL,
    receipt    int NOT NULL DEFAULT nextval('receipt_numbers'),
    starts_at  timestamptz NOT NULL
);
CREATE TABLE sessions (
    token      text PRIMARY KEY,
    admin_id   int NOT NULL REFERENCES admins (id),
    expires_at timestamptz NOT NULL
);
CREATE VIEW lesson_list AS
    SELECT lessons.starts_at, contacts.name, lessons.topic FROM lessons JOIN contacts ON contacts.id = contact_id;
CREATE VIEW row_counts AS
    SELECT (SELECT count(*) FROM admins) AS admins, (SELECT count(*) FROM contacts) AS contacts,
        (SELECT count(*) FROM lessons) AS lessons, (SELECT count(*) FROM sessions) AS sessions;

INSERT INTO admins (email, name) VALUES
    ('emma@cafe.example', 'Emma 先生'), ('james@cafe.example', 'James 先生'), ('uketsuke@cafe.example', '受付');
INSERT INTO contacts (name, email, message, thread, answered_by, created_at)
    SELECT (ARRAY['佐藤', '鈴木', '高橋', '田中', '伊藤', '渡辺', '山本', '中村', '小林', '加藤'])[1 + n % 10] || ' '
        || (ARRAY['花子', '太郎', '美咲', '健太', '陽菜', '蓮', '結衣'])[1 + n % 7],
        'guest' || n || '@mail.example',
        (ARRAY['体験レッスンを予約したいです。', '英会話は初めてですが、大丈夫ですか?', '土曜日の午後は空いていますか?',
            '料金について教えてください。', '領収書をお願いします。'])[1 + n % 5],
        md5(n::text),
        CASE WHEN n % 4 > 0 THEN 1 + n % 3 END,
        timestamptz '2025-06-01 09:00+09' + n * interval '53 minutes'
    FROM generate_series(1, 4000) AS n;
INSERT INTO lessons (contact_id, topic, starts_at)
    SELECT 1 + n * 7 % 4000,
        (ARRAY['カフェで注文する', '道案内', '自己紹介', '旅行の英語', '電話の英語', 'フリートーク'])[1 + n % 6],
        timestamptz '2025-06-08 10:00+09' + n * interval '3 hours'
    FROM generate_series(1, 2500) AS n;
INSERT INTO sessions (token, admin_id, expires_at)
    SELECT md5('session' || n), 1 + n % 3, timestamptz '2026-02-01 00:00+09' + n * interval '1 hour'
    FROM generate_series(1, 600) AS n;
