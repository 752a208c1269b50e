{{- /* HOLDFAST_PEERS: the other regions' routers or coordinators. Takes peers and role. */ -}}
{{- define "holdfast.peers" -}}
{{- $regions := list -}}
{{- range $region, $peer := .peers -}}
{{- $regions = append $regions (printf "%s=%s" $region (join "," (index $peer $.role))) -}}
{{- end -}}
{{- join ";" $regions -}}
{{- end -}}

{{- /* The name of one coordinator. Takes root and number. */ -}}
{{- define "holdfast.coordinator.name" -}}
{{ include "holdfast.fullname" .root }}-coordinator-{{ .number }}
{{- end -}}

{{- /* HOLDFAST_COORDINATORS: those of this region, each by an address that stays. */ -}}
{{- define "holdfast.coordinators" -}}
{{- $addresses := list -}}
{{- range until (int .Values.coordinator.replicas) -}}
{{- $name := include "holdfast.coordinator.name" (dict "root" $ "number" .) -}}
{{- $addresses = append $addresses (printf "%s:7430" (include "holdfast.host" (dict "root" $ "name" $name))) -}}
{{- end -}}
{{- join "," $addresses -}}
{{- end -}}

{{- /* Annotations of a Service that others reach by a name. Takes service and hostname. */ -}}
{{- define "holdfast.service.annotations" -}}
{{- $annotations := .service.annotations -}}
{{- with .hostname }}{{ $annotations = merge (dict "external-dns.alpha.kubernetes.io/hostname" .) $annotations }}{{ end -}}
{{- with $annotations }}{{ toYaml . }}{{ end -}}
{{- end -}}
