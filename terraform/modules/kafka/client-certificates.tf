# Signs the certificates by which services are known to the brokers; it signs itself.
resource "aws_acmpca_certificate_authority" "clients" {
  type                            = "ROOT"
  usage_mode                      = var.certificate_authority_mode
  permanent_deletion_time_in_days = 30

  certificate_authority_configuration {
    key_algorithm     = "EC_prime256v1"
    signing_algorithm = "SHA256WITHECDSA"

    subject {
      common_name  = "${var.name} ${var.region} Kafka clients"
      organization = "Holdfast"
    }
  }
}

resource "aws_acmpca_certificate" "clients" {
  certificate_authority_arn   = aws_acmpca_certificate_authority.clients.arn
  certificate_signing_request = aws_acmpca_certificate_authority.clients.certificate_signing_request
  signing_algorithm           = "SHA256WITHECDSA"
  template_arn                = "arn:aws:acm-pca:::template/RootCACertificate/V1"

  validity {
    type  = "YEARS"
    value = 10
  }
}

resource "aws_acmpca_certificate_authority_certificate" "clients" {
  certificate_authority_arn = aws_acmpca_certificate_authority.clients.arn
  certificate               = aws_acmpca_certificate.clients.certificate
  certificate_chain         = aws_acmpca_certificate.clients.certificate_chain
}
