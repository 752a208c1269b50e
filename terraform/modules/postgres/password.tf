# Drawn once, and kept by Secrets Manager. It stands in the state as well, which is encrypted.
data "aws_secretsmanager_random_password" "this" {
  password_length     = 40
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret" "password" {
  # checkov:skip=CKV2_AWS_57:the services read the password once, from the URL; terraform/README.md tells how it is changed by hand
  name                    = "${var.name}/postgres"
  description             = "Password of the user holdfast"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = 7
}

resource "aws_secretsmanager_secret_version" "password" {
  secret_id     = aws_secretsmanager_secret.password.id
  secret_string = data.aws_secretsmanager_random_password.this.random_password

  lifecycle {
    # Another one is drawn with every plan.
    ignore_changes = [secret_string]
  }
}

# What the chart reads, whole: a URL put together from parts in two places would differ one day.
resource "aws_secretsmanager_secret" "url" {
  # checkov:skip=CKV2_AWS_57:it follows the password
  name                    = "${var.name}/postgres-url"
  description             = "URL of the ledger"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = 7
}

resource "aws_secretsmanager_secret_version" "url" {
  secret_id     = aws_secretsmanager_secret.url.id
  secret_string = "postgres://${aws_db_instance.this.username}:${aws_secretsmanager_secret_version.password.secret_string}@${aws_db_instance.this.address}:5432/holdfast?sslmode=verify-full&sslrootcert=/etc/holdfast/tls/postgres/ca.crt"
}
