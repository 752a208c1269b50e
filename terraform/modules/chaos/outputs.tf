output "template_ids" {
  description = "Experiment templates by what they do, for aws fis start-experiment."
  value = merge(
    {
      cut-quorum     = aws_fis_experiment_template.cut_quorum.id
      stop-etcd-zone = aws_fis_experiment_template.stop_etcd_zone.id
    },
    { for template in aws_fis_experiment_template.pause_replication : "pause-replication" => template.id },
  )
}
