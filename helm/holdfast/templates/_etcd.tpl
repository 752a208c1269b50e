{{- /* The name of a shard's StatefulSet and headless service. Takes root and shard. */ -}}
{{- define "holdfast.etcd.name" -}}
{{ include "holdfast.fullname" .root }}-etcd-{{ .shard }}
{{- end -}}

{{- /* The names of the shards the chart makes, as a JSON list. */ -}}
{{- define "holdfast.etcd.shards" -}}
{{- $names := list -}}
{{- if not .Values.etcd.external -}}
{{- range until (int .Values.etcd.shards) }}{{ $names = append $names (printf "s%d" .) }}{{ end -}}
{{- end -}}
{{- $names | toJson -}}
{{- end -}}

{{- define "holdfast.etcd.scheme" -}}
{{ ternary "https" "http" .Values.etcd.tls.enabled }}
{{- end -}}

{{- /* Client URLs of a shard's members, with commas between. Takes root and shard. */ -}}
{{- define "holdfast.etcd.endpoints" -}}
{{- $name := include "holdfast.etcd.name" . -}}
{{- $urls := list -}}
{{- range until (int .root.Values.etcd.members) -}}
{{- $host := include "holdfast.host" (dict "root" $.root "name" (printf "%s-%d.%s" $name . $name)) -}}
{{- $urls = append $urls (printf "%s://%s:2379" (include "holdfast.etcd.scheme" $.root) $host) -}}
{{- end -}}
{{- join "," $urls -}}
{{- end -}}

{{- /* The members of a shard as they first meet. Takes root and shard. */ -}}
{{- define "holdfast.etcd.initialCluster" -}}
{{- $name := include "holdfast.etcd.name" . -}}
{{- $members := list -}}
{{- range until (int .root.Values.etcd.members) -}}
{{- $host := include "holdfast.host" (dict "root" $.root "name" (printf "%s-%d.%s" $name . $name)) -}}
{{- $members = append $members (printf "%s-%d=%s://%s:2380" $name . (include "holdfast.etcd.scheme" $.root) $host) -}}
{{- end -}}
{{- join "," $members -}}
{{- end -}}

{{- /* HOLDFAST_SHARDS: the same order and names for every service of the region. */ -}}
{{- define "holdfast.shards" -}}
{{- $shards := list -}}
{{- range .Values.etcd.external -}}
{{- $weight := ternary "" (printf "*%v" (.weight | default 1)) (eq (float64 (.weight | default 1)) 1.0) -}}
{{- $shards = append $shards (printf "%s%s=%s" .name $weight (join "," .endpoints)) -}}
{{- end -}}
{{- range include "holdfast.etcd.shards" . | fromJsonArray -}}
{{- $shards = append $shards (printf "%s=%s" . (include "holdfast.etcd.endpoints" (dict "root" $ "shard" .))) -}}
{{- end -}}
{{- join ";" $shards -}}
{{- end -}}

{{- /* The secret by which services and jobs are let into etcd. */ -}}
{{- define "holdfast.etcd.clientSecret" -}}
{{- if eq .Values.etcd.tls.source "secret" }}{{ .Values.etcd.tls.clientSecret }}{{ else }}{{ include "holdfast.fullname" . }}-etcd-client{{ end -}}
{{- end -}}

{{- define "holdfast.etcd.memberSecret" -}}
{{- if eq .root.Values.etcd.tls.source "secret" }}{{ .root.Values.etcd.tls.memberSecret }}{{ else }}{{ include "holdfast.etcd.name" . }}-tls{{ end -}}
{{- end -}}

{{- /* Where snapshots lie, for who takes one and who brings one back. */ -}}
{{- define "holdfast.snapshotEnv" -}}
{{- with .Values.etcd.snapshots }}
- { name: SNAPSHOT_BUCKET, value: {{ .bucket | quote }} }
- { name: SNAPSHOT_S3_REGION, value: {{ .bucketRegion | default $.Values.region | quote }} }
{{- with .endpoint }}
- { name: SNAPSHOT_S3_ENDPOINT, value: {{ . | quote }} }
{{- end }}
{{- if .caSecret }}
- { name: SNAPSHOT_S3_TLS_CA, value: /etc/holdfast/tls/s3/ca.crt }
{{- end }}
{{- include "holdfast.awsCredentials" . }}
{{- end }}
{{- end -}}

{{- /*
Tells members of a shard's cluster from those of another cluster that the shard once was: a member of the lost one,
should it come back, does not join the restored one. Takes root and shard.
*/ -}}
{{- define "holdfast.etcd.token" -}}
{{- $parts := list .root.Values.cluster .root.Values.region .shard -}}
{{- with get .root.Values.etcd.restore .shard }}{{ $parts = append $parts . }}{{ end -}}
{{- join "/" $parts -}}
{{- end -}}
