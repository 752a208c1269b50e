{{- /* What a JSON schema cannot compare. Included by a template that every release has. */ -}}
{{- define "holdfast.checks" -}}
{{- if hasKey .Values.peers .Values.region -}}
{{- fail (printf "peers names %s, which is this release's own region: peers are the two others" .Values.region) -}}
{{- end -}}
{{- with .Values.router.autoscaling -}}
{{- if gt (int .minReplicas) (int .maxReplicas) -}}
{{- fail (printf "router.autoscaling.minReplicas is %v, more than maxReplicas, %v" .minReplicas .maxReplicas) -}}
{{- end -}}
{{- end -}}
{{- with .Values.archiver -}}
{{- if ge (int .glacierDays) (int .deepArchiveDays) -}}
{{- fail (printf "archiver.glacierDays is %v, which is not before deepArchiveDays, %v" .glacierDays .deepArchiveDays) -}}
{{- end -}}
{{- end -}}
{{- with .Values.coordinator -}}
{{- if and .service.hostnames (ne (len .service.hostnames) (int .replicas)) -}}
{{- fail (printf "coordinator.service.hostnames has %d names for %v coordinators" (len .service.hostnames) .replicas) -}}
{{- end -}}
{{- end -}}
{{- $shards := include "holdfast.etcd.shards" . | fromJsonArray -}}
{{- range $shard, $object := .Values.etcd.restore -}}
{{- if not (has $shard $shards) -}}
{{- fail (printf "etcd.restore names %s, which is none of the shards of this chart: %s" $shard (join ", " $shards)) -}}
{{- end -}}
{{- end -}}
{{- $names := list -}}
{{- range .Values.etcd.external -}}
{{- if has .name $names -}}
{{- fail (printf "etcd.external names %s twice" .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- if .Values.tls.enabled -}}
{{- include "holdfast.checks.secured" . -}}
{{- end -}}
{{- end -}}

{{- /* What the services would refuse at their start: with certificates nothing goes in plain text. */ -}}
{{- define "holdfast.checks.secured" -}}
{{- $addresses := list
  (list "traces.endpoint" .Values.traces.endpoint)
  (list "archiver.endpoint" .Values.archiver.endpoint)
-}}
{{- range $addresses -}}
{{- if hasPrefix "http://" (last .) -}}
{{- fail (printf "%s is %s, and with tls.enabled nothing is sent in plain text: begin it with https://" (first .) (last .)) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.kafka.brokers (not .Values.kafka.tls.enabled) -}}
{{- fail "kafka.tls.enabled is false, and with tls.enabled nothing is sent in plain text: turn both off, or none" -}}
{{- end -}}
{{- end -}}
