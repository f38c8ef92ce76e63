-- How many rows stand beside a version because a rule rejects them; NULL when no
-- rule does.

-- +goose Up

ALTER TABLE entry ADD COLUMN rejected INTEGER;
